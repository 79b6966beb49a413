/** Imported first: an older Node would stop at something that it does not have, and not say why. */
const least = 24

if (Number.parseInt(process.versions.node, 10) < least) {
  process.stderr.write(`millrace: Node ${least} or newer is needed; this is ${process.version}\n`)
  process.exit(2)
}
