import { IsNotEmpty, IsString } from "class-validator";
import { Failure, HttpError, HttpResource, type Query, type ResourceContext, Secret } from "millrace";
import type { AppEvent } from "./events.js";

/** What the API answers: as many events as the limit allows, the oldest first. */
interface EventsAnswer {
  readonly data: AppEvent[];
  /** Of all that the query asks for. */
  readonly total: number;
  readonly has_more: boolean;
}

/** The most that the API gives at once; it has no second page. */
const MOST_EVENTS = 10_000;

/** The events API of the app. What may pass (429, 5xx, no answer) is tried again, as `HttpResource` does. */
export class AppApi extends HttpResource {
  @Secret()
  @IsString()
  @IsNotEmpty()
  apiKey!: string;

  protected override setup(context: ResourceContext): void {
    super.setup(context);
    this.bearerToken = this.apiKey;
  }

  /** All events; asked for without parameters first, which gives 1,000 at most. @throws {@link Failure} when there are too many for the API */
  async allEvents(signal: AbortSignal): Promise<AppEvent[]> {
    const first = await this.#events({}, signal);
    return first.has_more ? this.#complete({ limit: MOST_EVENTS }, signal) : first.data;
  }

  /** The events of a day, e.g. `2025-07-15`, in UTC. @throws {@link Failure} when there are too many for the API */
  async eventsOf(day: string, signal: AbortSignal): Promise<AppEvent[]> {
    return this.#complete({ date: day, limit: MOST_EVENTS }, signal);
  }

  async #complete(query: Query, signal: AbortSignal): Promise<AppEvent[]> {
    const { data, total, has_more } = await this.#events(query, signal);
    if (!has_more) return data;
    const which = query.date === undefined ? "There are" : `${String(query.date)} has`;
    throw new Failure(
      `${which} ${total} events, and the API gives ${data.length} at most: the rest would be missing without a word. ` +
        `Take them from raw_events_partitioned day by day, or from exports.`,
      { allowRetries: false, metadata: { total, received: data.length } },
    );
  }

  async #events(query: Query, signal: AbortSignal): Promise<EventsAnswer> {
    const answer = await this.getJson<EventsAnswer>("/api/admin/events", { query, signal }).catch((error: unknown) => {
      throw this.#refused(error) ?? error;
    });
    if (Array.isArray(answer?.data) && typeof answer.has_more === "boolean") return answer;
    throw new Failure('The events API answered without "data" and "has_more". Check AppApi.baseUrl (APP_BASE_URL).', {
      allowRetries: false,
    });
  }

  #refused(error: unknown): Failure | undefined {
    if (!(error instanceof HttpError) || (error.status !== 401 && error.status !== 403)) return undefined;
    return new Failure(
      `The events API refused the key of resource AppApi (${error.status}). Set the environment variable APP_API_KEY, which gives AppApi.apiKey, to a key that it knows.`,
      { allowRetries: false, cause: error },
    );
  }
}
