export { DefinitionError, InternalError, RequestError } from "../../src/base/errors.js";
export type { Json } from "../../src/base/canonical-json.js";
export { AssetCycleError } from "../../src/graph/asset-cycle-error.js";
export { AssetGraph } from "../../src/graph/asset-graph.js";
export type { AssetGraphOptions, GraphAsset, GraphCheck, GraphSource } from "../../src/graph/asset-graph.js";
export { AssetSelection } from "../../src/graph/asset-selection.js";
export type { KeysOf } from "../../src/graph/asset-selection.js";
export { evaluateSelection } from "../../src/graph/evaluate-selection.js";
export type { EvaluateOptions, SelectionResult } from "../../src/graph/evaluate-selection.js";
export type {
  AllNode,
  AttributeNode,
  BareKeyNode,
  CombinationNode,
  FunctionNode,
  NotNode,
  RefNode,
  SelectionAttribute,
  SelectionFunction,
  SelectionNode,
  TraversalNode,
} from "../../src/graph/selection-ast.js";
export { SELECTION_ATTRIBUTES, SELECTION_FUNCTIONS } from "../../src/graph/selection-ast.js";
export { SelectionError } from "../../src/graph/selection-error.js";
export type { SelectionPlace } from "../../src/graph/selection-error.js";
export { parseSelection } from "../../src/graph/selection-parser.js";
export { printSelection } from "../../src/graph/selection-printer.js";
export { checkId } from "../../src/model/asset-spec.js";
export type { AssetKey, AssetSpec, CheckSpec, DependencySpec, EdgeWhen, PartitionsKind, UnitSpec } from "../../src/model/asset-spec.js";
export type { Catalog, ResourceSpec } from "../../src/model/catalog.js";
export type { JobSpec } from "../../src/model/job.js";
export { EVENT_TYPES } from "../../src/model/event.js";
export type { PartitionPoint, EventPayload, EventRecord, EventType, InputVersion, NewEvent, StoredError } from "../../src/model/event.js";
export type { ColumnLineage, MetadataValue, TableColumn } from "../../src/model/metadata-value.js";
export type { RetryPolicy } from "../../src/model/retry-policy.js";
export type { PlannedStep, RunPartitions, RunPlan, StepEdge } from "../../src/model/run-plan.js";
export { isFinal, isFinalStep, RUN_STATUSES, STEP_STATUSES } from "../../src/model/run.js";
export type { AttemptOutcome, RunRecord, RunStatus, StepRecord, StepStatus } from "../../src/model/run.js";
export { planRun, type PlanCatalog, type PlanSelection } from "../../src/planning/plan-run.js";
export { checkRetryPolicy, retryDelayBoundsMs, retryDelayMs } from "../../src/planning/retry-delay.js";
export { RunState, type Advance, type FoldedEvent, type Passed } from "../../src/planning/run-state.js";
export { cronTicks } from "../../src/model/cron-ticks.js";
export { TimeZone, type Transition } from "../../src/base/time-zone.js";
export { isCron, parseCron, type Cron } from "../../src/model/cron.js";
export {
  cronPartitions,
  dailyPartitions,
  dynamicPartitions,
  hourlyPartitions,
  monthlyPartitions,
  multiPartitions,
  staticPartitions,
  weeklyPartitions,
  yearlyPartitions,
  type DayOffset,
  type WindowOptions,
} from "../../src/model/partitions/define-partitions.js";
export { IndexSet, type IndexRange } from "../../src/model/partitions/index-set.js";
export {
  allOf,
  KeySpace,
  MultiSpace,
  openPartitions,
  parsePartitions,
  rangeOf,
  requirePartition,
  TimeSpace,
  type PartitionsAsOf,
  type PartitionSpace,
  type SingleSpace,
} from "../../src/model/partitions/partition-space.js";
export {
  dimensionNames,
  samePartitions,
  type DynamicPartitions,
  type MultiPartitions,
  type PartitionsDefinition,
  type SinglePartitions,
  type StaticPartitions,
  type TimePartitions,
} from "../../src/model/partitions/partitions-definition.js";
export { TimeWindows, type TimeWindow } from "../../src/model/partitions/time-windows.js";
export { multiPartitionKey, partitionTags, primaryDimension, timeDimension } from "../../src/model/partitions/multi-keys.js";
export { checkMapping, defaultMapping, partitionMapper } from "../../src/model/partition-mapping/map-partitions.js";
export type { NeededUpstream, NonexistentPartitions, PartitionMapper } from "../../src/model/partition-mapping/partition-mapper.js";
export { bindMapping, type BoundDimension, type BoundMapping } from "../../src/model/partition-mapping/bound-mapping.js";
export { CustomMapping, type MappedSpaces } from "../../src/model/partition-mapping/custom-mapping.js";
export type { DimensionMapping, PartitionMapping, TimeWindowMapping } from "../../src/model/partition-mapping/partition-mapping.js";
export { strictestPolicy, type BackfillPolicy } from "../../src/model/backfill-policy.js";
export { BackfillGraph, type BackfillAsset, type BackfillEdge } from "../../src/planning/backfill/backfill-graph.js";
export { allPartitionsOf, partitionsFromRoots, type AssetPartitions } from "../../src/planning/backfill/backfill-target.js";
export { lostPartitions, type BackfillProgress } from "../../src/planning/backfill/backfill-progress.js";
export { nextRuns, type NextRunsOptions } from "../../src/planning/backfill/next-runs.js";
export type { BackfillRun } from "../../src/planning/backfill/run-groups.js";
export { resolveJob, type JobAsset, type JobRequest, type ResolvedJob } from "../../src/planning/resolve-job.js";
export type { StalenessPartitions } from "../../src/planning/staleness/divided-states.js";
export { StalenessIndex } from "../../src/planning/staleness/staleness-index.js";
export type { RecordedVersions, StaleCause, Staleness, StalenessAsset, StalenessStatus } from "../../src/planning/staleness/staleness.js";
