import { IsBoolean, IsInt, IsNotEmpty, IsOptional, IsPositive, IsString, Min } from "class-validator";
import { Secret } from "../../config/secret.js";
import { S3Resource } from "../../resources/s3-resource.js";
import type { FilePlace } from "../places/file-place.js";
import { RowFileIOManager } from "./row-file-io-manager.js";
import { S3Place, sweepAttempts } from "../places/s3-place.js";

/** Keeps rows as objects in a bucket of S3, or of any server that speaks its language; see {@link s3Key} for their keys. */
export abstract class S3RowsIOManager extends RowFileIOManager {
  /** The bucket, which is there already. */
  @IsString()
  @IsNotEmpty()
  bucket!: string;

  /** What the keys of all objects begin with; empty: nothing. */
  @IsString()
  prefix = "millrace";

  /** URL of a server other than Amazon's, e.g. `http://localhost:9000`. @defaultValue AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL, else Amazon's */
  @IsOptional()
  @IsString()
  endpoint?: string;

  /** @defaultValue AWS_REGION, AWS_DEFAULT_REGION or the profile's; `us-east-1` where an endpoint is given */
  @IsOptional()
  @IsString()
  region?: string;

  /** @defaultValue the SDK's chain: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile, the machine's role */
  @IsOptional()
  @IsString()
  accessKeyId?: string;

  /** Goes with `accessKeyId`. */
  @Secret()
  @IsOptional()
  @IsString()
  secretAccessKey?: string;

  /** Of temporary credentials. */
  @Secret()
  @IsOptional()
  @IsString()
  sessionToken?: string;

  /** Whether the bucket stands in the path, not in the host's name. @defaultValue true where an endpoint is given */
  @IsOptional()
  @IsBoolean()
  forcePathStyle?: boolean;

  /** A request fails when no byte moved for so long, in milliseconds. @defaultValue 60,000 */
  @IsInt()
  @IsPositive()
  timeoutMs = 60_000;

  /** How often a request is sent again after a failure that may pass. @defaultValue 4 */
  @IsInt()
  @Min(0)
  maxRetries = 4;

  #s3: S3Resource | undefined;

  /** Not set up with the run's signal: what was stored is published, or discarded, also when the run was canceled meanwhile. */
  private get s3(): S3Resource {
    if (this.#s3) return this.#s3;
    const { bucket, endpoint, region, accessKeyId, secretAccessKey, sessionToken, forcePathStyle, timeoutMs, maxRetries } = this;
    const fields = { bucket, endpoint, region, accessKeyId, secretAccessKey, sessionToken, forcePathStyle, timeoutMs, maxRetries };
    return (this.#s3 = Object.assign(new S3Resource(), fields));
  }

  protected override placeFor({ storageDir }: { readonly storageDir: string }): FilePlace {
    const { bucket, prefix, s3 } = this;
    return new S3Place({ s3, bucket, prefix, extension: this.codec.extension, storageDir });
  }

  override sweep(isCurrent: (attemptId: string) => Promise<boolean>): Promise<readonly string[]> {
    return sweepAttempts(this.s3, this.prefix, isCurrent);
  }

  protected override teardown(): void {
    this.#s3?.close();
  }
}
