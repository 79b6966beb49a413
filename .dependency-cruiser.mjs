/** The floors of the house: who may import whom. `make check` also fails when too few modules were seen. */
const onlyCore = (floor) => ({
  name: `${floor}-imports-core-only`,
  comment: `${floor} may import core and packages; hand it what it needs as an argument from cli/.`,
  severity: 'error',
  from: { path: `^${floor}/` },
  to: { path: '^(transform|ingest|ml|api|local|cli|tests|bench)/', pathNot: `^${floor}/` },
})

export default {
  forbidden: [
    {
      name: 'no-cycle',
      comment:
        'A cycle means two files are one idea, or need a third: move what both use into its own file.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'core-is-the-ground',
      comment:
        'core stands on packages only; move the code up a floor, or what it needs down into core.',
      severity: 'error',
      from: { path: '^core/' },
      to: { path: '^(transform|ingest|ml|api|local|cli|tests|bench)/' },
    },
    onlyCore('transform'),
    onlyCore('ingest'),
    onlyCore('ml'),
    onlyCore('api'),
    onlyCore('local'),
    {
      name: 'nobody-imports-cli',
      comment:
        'cli is the composition root; a floor that needs something of it should get it as an argument.',
      severity: 'error',
      from: { path: '^(core|transform|ingest|ml|api|local)/' },
      to: { path: '^cli/' },
    },
    {
      name: 'pure-steps',
      comment: 'compile, plan and materialize are input → value: no Node built-ins, no clients.',
      severity: 'error',
      from: { path: '^transform/(compile|plan|materialize)/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'pure-steps-without-clients',
      comment: 'compile, plan and materialize are input → value: no clients, no environment.',
      severity: 'error',
      from: { path: '^transform/(compile|plan|materialize)/' },
      to: { path: '^core/(clients|config)/|^transform/(run|adapters|publish)/' },
    },
    {
      name: 'no-dev-packages-in-product',
      comment:
        'The published package does not have devDependencies; move the package to dependencies.',
      severity: 'error',
      from: { path: '^(core|transform|ingest|ml|api|local|cli)/', pathNot: '^local/containers' },
      to: { dependencyTypes: ['npm-dev'] },
    },
    {
      name: 'no-orphans',
      comment: 'Nothing imports this file: delete it, or import it.',
      severity: 'error',
      from: {
        orphan: true,
        path: '^(core|transform|ingest|ml|api|local|cli)/',
        pathNot: '\\.(sql|xml|sh|py)$',
      },
      to: {},
    },
    {
      name: 'not-to-unresolvable',
      comment: 'The import names a file or package that is not there.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
    },
  },
}
