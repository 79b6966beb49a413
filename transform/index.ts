/**
 * The model runner as a library: load a project folder, compile it, plan, run. Each step takes what the one before
 * it gave, and only the last one touches a database.
 */
export { duckdbAdapter, withoutHidden } from './adapters/duckdb/adapter.ts'
export { openProfile, profileAttachSql } from './adapters/duckdb/open-profile.ts'
export { ducklakeAdapter } from './adapters/ducklake/adapter.ts'
export { templateDatabase } from './adapters/template-database.ts'
export { type CatalogTable, catalogOf, readCatalog } from './artifacts/catalog.ts'
export { graphSummaryOf } from './artifacts/graph-summary.ts'
export { toArtifactText } from './artifacts/json.ts'
export { manifestNode, manifestOf } from './artifacts/manifest.ts'
export type { Invocation } from './artifacts/metadata.ts'
export type { CompiledNode } from './artifacts/node-details.ts'
export { type ReportedResult, runResultsOf } from './artifacts/run-results.ts'
export { semanticManifestOf } from './artifacts/semantic-manifest.ts'
export {
  type FreshnessResult,
  sourcesArtifactOf,
} from './artifacts/sources-artifact.ts'
export { writtenPath } from './artifacts/written-path.ts'
export { keptArtifacts } from './cache/kept-artifacts.ts'
export { keptLogic } from './cache/kept-logic.ts'
export { type KeptGraph, openGraph } from './cache/open-graph.ts'
export { findChanged } from './changed/find-changed.ts'
export { findTouched, type ParsedState, parsedState } from './changed/find-touched.ts'
export { type LogicOf, logicReader } from './changed/logic.ts'
export { type CompiledNodes, compileNodes } from './compile/compile-nodes.ts'
export { type Compiled, compileProject } from './compile/compile-project.ts'
export type {
  Graph,
  GraphNode,
  ModelNode,
  Relation,
  SeedNode,
  SourceNode,
  TestNode,
} from './compile/graph.ts'
export type { CompileInputs, Target } from './compile/inputs.ts'
export type { Reading } from './compile/render.ts'
export {
  checkFreshness,
  type FreshnessDependencies,
  type FreshnessEvent,
} from './freshness/check-freshness.ts'
export { criteriaOf } from './freshness/criteria.ts'
export { neededByIncrements } from './history/needed-by-increments.ts'
export { planRollback, rollBackRun } from './history/rollback.ts'
export { loadBuiltStates, rowsMadeOf } from './history/rows-made-of.ts'
export { findRun, listRuns, nodesOfRun, runsOfNode } from './history/runs.ts'
export { findForeignTables } from './lineage/foreign-tables.ts'
export { loadReads } from './lineage/load-reads.ts'
export { type DeferInputs, deferRelations } from './plan/defer.ts'
export { eventTimeColumn, isSampled, limitRef, type RefLimits } from './plan/limit-refs.ts'
export { type LabelStyle, nodeLabel } from './plan/node-label.ts'
export {
  type Plan,
  planRun,
  type RunCommand,
  type RunRequest,
  type Stage,
} from './plan/plan-run.ts'
export type { PreviousState, StateInputs } from './plan/previous-state.ts'
export { commandFilter, type ResourceTypes, resourceTypes } from './plan/resource-types.ts'
export { type Selection, selectNodes } from './plan/select-nodes.ts'
export { type IndirectSelection, indirectModes } from './plan/selection-spec.ts'
export { selectorProblems } from './plan/selector-definitions.ts'
export {
  intersectWindows,
  parseEventTimes,
  parseSample,
  type TimeWindow,
} from './plan/time-window.ts'
export { loadProject, loadProjectSettings } from './project/load-project.ts'
export {
  type DuckdbProfile,
  findProfile,
  findProfilesFile,
  type ProfileRequest,
} from './project/profiles.ts'
export type { Project } from './project/project.ts'
export type { Adapter, OpenSession, PublishMode, Session } from './run/adapter.ts'
export { type Cloned, cloneNodes } from './run/clone-nodes.ts'
export type { NodeRenderer } from './run/node-renderer.ts'
export {
  type OperationDependencies,
  type OperationResult,
  runOperation,
  runStatement,
} from './run/operation.ts'
export {
  type BuiltRelation,
  type NodeResult,
  outageOf,
  type RunEvent,
  type RunResult,
} from './run/result.ts'
export type { RunDependencies } from './run/run-dependencies.ts'
export { runPlan } from './run/run-plan.ts'
