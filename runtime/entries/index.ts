import "reflect-metadata";

// What authors annotate with.
export { Pipeline, type PipelineOptions } from "../../decorators/pipeline.js";
export { Asset, type AssetOptions, type IOOption } from "../../decorators/asset.js";
export { MultiAsset, type MultiAssetOptions, type OutOptions } from "../../decorators/multi-asset.js";
export { ObservableAsset, type ObservableAssetOptions } from "../../decorators/observable-asset.js";
export { AssetCheck, type AssetCheckOptions } from "../../decorators/asset-check.js";
export { Input, type InputOptions } from "../../decorators/input.js";
export { InputPartitions } from "../../decorators/input-partitions.js";
export type { TakeOptions } from "../../decorators/take-options.js";
export { Column } from "../../decorators/column.js";
export { schemaUnchanged, type SchemaUnchangedOptions } from "../../decorators/schema-unchanged.js";
export { Own } from "../../decorators/own.js";
export { OwnPartitions } from "../../decorators/own-partitions.js";
export { inject } from "../../decorators/inject.js";
export type {
  InputDecorator,
  InputPartitionsDecorator,
  MethodName,
  OutName,
  OutOf,
  OutputOf,
  OwnDecorator,
  OwnPartitionsDecorator,
  RowOf,
  ValueOf,
} from "../../decorators/value-of.js";
export type { DivisionOptions, RefreshOptions } from "../../decorators/declarations/parse-partition-options.js";
export type { DeclaredCheck, RetryOptions } from "../../decorators/declarations/parse-options.js";
export { OptionError } from "../../decorators/declarations/option-error.js";

// What they define beside classes.
export { ref, edge, type EdgeOptions } from "../../decorators/ref.js";
export { byPartition } from "../../decorators/by-partition.js";
export { output } from "../../decorators/output.js";
export { defineAssets, type AssetSetContext, type AssetSetSpec, type DefineAssetsOptions } from "../../decorators/define-assets.js";
export { defineAssetJob, type AssetJobOptions } from "../../decorators/define-asset-job.js";
export { mount, type MountOptions } from "../../decorators/mount.js";
export { externalAsset, type ExternalAssetOptions } from "../../decorators/external-asset.js";
export { Definitions, type DefinitionsOptions } from "../../decorators/definitions.js";
export type { AssetJob, AssetSet, ExternalAsset, MountedPipeline } from "../../decorators/declarations/declaration.js";
export { ScanError, type ScanProblem } from "../scan/scan-error.js";

// What methods are told and what they give.
export { AssetContext, CheckContext, PartitionedAssetContext, type StepLog } from "../../src/model/contexts.js";
export {
  AssetCheckResult,
  Failure,
  MaterializeResult,
  ObserveResult,
  Output,
  RetryRequested,
  type CheckSeverity,
} from "../../src/model/results.js";
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
export type {
  DynamicPartitions,
  MultiPartitions,
  PartitionsDefinition,
  StaticPartitions,
  TimePartitions,
} from "../../src/model/partitions/partitions-definition.js";
export {
  allPartitions,
  identityMapping,
  lastPartition,
  latestTimeWindow,
  multiMapping,
  multiToSingle,
  offset,
  specificPartitions,
  staticMapping,
  timeWindowMapping,
  type MappingOption,
  type MultiMapping,
} from "../../src/model/partition-mapping/define-mappings.js";
export { CustomMapping, type MappedSpaces } from "../../src/model/partition-mapping/custom-mapping.js";
export type { PartitionMapping, TimeWindowMapping } from "../../src/model/partition-mapping/partition-mapping.js";
export type { PartitionSpace } from "../../src/model/partitions/partition-space.js";
export { Partitions } from "../../src/model/input-partitions.js";
export { PartitionValues, type PartitionEntries } from "../../src/model/partition-values.js";
export { arrowTable, batches, relation, rows, stream, type Form, type FormName } from "../../src/model/form.js";
export { rowSchema, type ColumnInput, type RowSchema, type SchemaColumn } from "../../src/model/row-schema.js";
export type { ColumnType } from "../../src/model/column-type.js";
export type { ColumnCondition, FilterValue, RowFilter } from "../../src/model/row-filter.js";
export type { ColumnChange } from "../../src/model/schema-change.js";
export type { ColumnOptions } from "../../src/config/row-class.js";
export type { BackfillPolicy } from "../../src/model/backfill-policy.js";
export { MetadataValue, type MetadataInput } from "../../src/model/metadata.js";
export type { ColumnLineage, TableColumn } from "../../src/model/metadata-value.js";
export type { AssetRef, Ctor, Dep, Edge } from "../../src/model/asset-ref.js";
export type { AssetKey, AssetSpec, CheckSpec, DependencySpec, EdgeWhen, UnitSpec } from "../../src/model/asset-spec.js";
export type { Catalog, ResourceSpec } from "../../src/model/catalog.js";
export type { JobSpec } from "../../src/model/job.js";

// Resources, configuration and IO managers.
export { ConfigurableResource, type Fields, type ResourceContext } from "../../src/config/configurable-resource.js";
export { IOManager, type InputContext, type OutputContext } from "../../src/config/io-manager.js";
export { Config, configFor, type ConfigEntry, type ConfigFields, type ValuesFor } from "../../src/config/config.js";
export type { RunConfig, RunConfigInput } from "../../src/config/run-config.js";
export { Secret } from "../../src/config/secret.js";
export { env, type EnvVar } from "../../src/config/env.js";
export { provide, type Provided, type Token } from "../../src/config/provided.js";
export { FileIOManager } from "../../src/io/file-io-manager.js";
export { DuckDBIOManager } from "../../src/io/duckdb/duckdb-io-manager.js";
export { DuckDBViewIOManager } from "../../src/io/duckdb/duckdb-view-io-manager.js";
export { FileParquetIOManager } from "../../src/io/parquet/parquet-io-manager.js";
export { FileCsvIOManager } from "../../src/io/text/csv-io-manager.js";
export { FileJsonLinesIOManager } from "../../src/io/text/json-lines-io-manager.js";
export { S3CsvIOManager } from "../../src/io/text/s3-csv-io-manager.js";
export { S3JsonLinesIOManager } from "../../src/io/text/s3-json-lines-io-manager.js";
export { S3ParquetIOManager } from "../../src/io/parquet/s3-parquet-io-manager.js";
export { PostgresIOManager } from "../../src/io/postgres/postgres-io-manager.js";
export { InMemoryIOManager } from "../../src/io/in-memory-io-manager.js";
export { BytesCodec } from "../../src/io/bytes-codec.js";
export type { Codec, CodecContext } from "../../src/io/codec.js";
export { ColumnBatch, type ColumnsOf } from "../../src/model/column-batch.js";
export { Relation, type SqlIdentifier } from "../../src/duckdb/relation.js";
export { DuckDBParquetCodec } from "../../src/io/parquet/duckdb-parquet-codec.js";
export { HyparquetCodec } from "../../src/io/parquet/hyparquet-codec.js";
export { ParquetjsCodec } from "../../src/io/parquet/parquetjs-codec.js";
export type { Compression, RowCodec, RowReadContext, RowWriteContext, WrittenRows } from "../../src/io/rows/row-codec.js";
export { DuckDBResource } from "../../src/resources/duckdb-resource.js";
export { HttpResource, type HttpRequest, type NextPage, type Query } from "../../src/resources/http-resource.js";
export { PostgresResource, type PostgresCall, type TransactionOptions } from "../../src/resources/postgres-resource.js";
export { KnexResource } from "../../src/resources/knex-resource.js";
export type { CopyFromOptions, CopySource, PostgresConnection } from "../../src/postgres/postgres-connection.js";
export { PostgresError, type PostgresFault } from "../../src/postgres/postgres-error.js";
export { HttpError } from "../../src/resources/http-error.js";
export {
  S3Resource,
  type S3Object,
  type S3ObjectHead,
  type S3Options,
  type S3UploadOptions,
  type S3WriteOptions,
} from "../../src/resources/s3-resource.js";
export type { ByteRange } from "../../src/resources/s3-download.js";
export { S3Error } from "../../src/resources/s3-error.js";
export { loadPipelines, type LoadPipelinesOptions } from "../load/load-pipelines.js";
export type { MillraceConfig } from "../instance/settings.js";

// Errors and small types.
export {
  ConfigError,
  DefinitionError,
  ExecutionError,
  InternalError,
  IOError,
  MillraceError,
  RequestError,
  StoreError,
} from "../../src/base/errors.js";
export { SelectionError } from "../../src/graph/selection-error.js";
export { UnknownFieldsError } from "../../src/config/unknown-fields-error.js";
export type { DeclarationSite } from "../../src/base/declaration-site.js";
export type { Json } from "../../src/base/canonical-json.js";
export type { Duration } from "../../src/base/duration.js";

// Running from a main script.
export { AssetSelection } from "../../src/graph/asset-selection.js";
export { bootstrap, type BootstrapOptions, type Millrace } from "../bootstrap/bootstrap.js";
export type { RunStore } from "../../src/storage/run-store.js";
export type { MaterializeOptions, MaterializeStaleOptions, RunReport } from "../launch/session.js";
export type { BackfillOptions } from "../launch/backfill-options.js";
export type { BackfillResumption, BackfillWatch } from "../launch/backfill-driver.js";
export type { BackfillRecord } from "../../src/storage/backfill-store.js";
