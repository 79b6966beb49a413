import { describe, expect, it } from 'vitest'
import { deploymentBefore, deploymentToReturnTo } from '../../../../ml/endpoint/deployments.ts'
import { endpointBusy } from '../../../../ml/endpoint/endpoint.ts'

/** Deployments of these versions, one after the other. */
const kept = (...versions: number[]) =>
  versions
    .map((version, at) => ({ name: `e-v${version}-${at}`, version, createdAt: new Date(at) }))
    .reverse()

it.each([
  ['Updating', 'ml/endpoint-busy'],
  ['RollingBack', 'ml/endpoint-busy'],
  ['Failed', 'ml/endpoint-unusable'],
  ['UpdateRollbackFailed', 'ml/endpoint-unusable'],
])('tells what ends by itself from what does not: %s', (status, code) => {
  expect(endpointBusy('e', status)).toMatchObject({ code })
})

describe('deploymentBefore', () => {
  const none = new Set<string>()

  it('is the one before', () => {
    expect(deploymentBefore(kept(1, 2, 3), 'e-v3-2', [], none)?.name).toBe('e-v2-1')
    expect(deploymentBefore(kept(1, 2, 3), 'e-v1-0', [], none)).toBeUndefined()
  })

  it('is never the version that serves: to leave it means to leave all of its deployments', () => {
    expect(deploymentBefore(kept(1, 3, 3), 'e-v3-2', [], none)?.name).toBe('e-v1-0')
  })

  it('is never a version that was rejected, by an earlier roll-back for one', () => {
    expect(deploymentBefore(kept(1, 2, 3), 'e-v3-2', [2], none)?.name).toBe('e-v1-0')
  })

  it('is the newest of ours where what serves was deployed by hand', () => {
    expect(deploymentBefore(kept(1, 2), 'by-hand', [], none)?.name).toBe('e-v2-1')
  })

  it('is one that came to serve rather than one that a killed command left', () => {
    const done = new Set(['e-v1-0', 'e-v3-2'])
    expect(deploymentBefore(kept(1, 2, 3), 'e-v3-2', [], done)?.name).toBe('e-v1-0')
  })
})

describe('deploymentToReturnTo', () => {
  it('is the same version where only what it runs on was changed', () => {
    const found = deploymentToReturnTo(kept(1, 2, 2), 'e-v2-2', [], new Set(['e-v1-0', 'e-v2-1']))
    expect(found?.name).toBe('e-v2-1')
  })

  it('is one that came to serve rather than one that a killed command left', () => {
    const done = new Set(['e-v2-1'])
    expect(deploymentToReturnTo(kept(1, 2, 3, 4), 'e-v4-3', [], done)?.name).toBe('e-v2-1')
    expect(deploymentToReturnTo(kept(1, 2), 'e-v2-1', [], done)?.name).toBe('e-v1-0')
  })

  it('is never a version that was rejected', () => {
    const done = new Set(['e-v1-0', 'e-v2-1'])
    expect(deploymentToReturnTo(kept(1, 2, 3), 'e-v3-2', [2], done)?.name).toBe('e-v1-0')
    expect(deploymentToReturnTo(kept(2, 3), 'e-v3-1', [2], done)).toBeUndefined()
  })
})
