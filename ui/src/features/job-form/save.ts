/**
 * Saving: source → destination → job, in this order, because each names the one before.
 *
 * What was made or changed stays when a later step fails. The caller is told of each step, chooses what is there now, and
 * a second try does not do it again.
 */
import { ApiError, api, call, describeError, WORKSPACE } from "../../api/client";
import type { Destination, Source, SyncJob } from "../../api/schema";
import { fieldNamed } from "./generic/check";
import {
  destinationBody,
  destinationChanges,
  type JobValues,
  jobBody,
  jobChanges,
  NEW,
  sourceBody,
  sourceChanges,
} from "./values";

export type Step = "source" | "destination" | "job";

/** Which step failed, and why. */
export class SaveError extends Error {
  readonly step: Step;

  constructor(step: Step, cause: unknown) {
    super(describeError(cause).message, { cause });
    this.name = "SaveError";
    this.step = step;
  }
}

/** What the caller hears of the steps that went well. */
export interface Progress {
  /** The source was made, or changed. */
  source?: (source: Source) => void;
  /** The destination was made, or changed. */
  destination?: (destination: Destination) => void;
}

const workspace = { workspaceId: WORKSPACE };

async function step<T>(name: Step, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    throw new SaveError(name, cause);
  }
}

async function makeSource(values: JobValues, progress: Progress): Promise<string> {
  if (values.sourceId !== NEW) return values.sourceId;
  const source = await step("source", () =>
    call(
      api.POST("/api/workspaces/{workspaceId}/sources", {
        params: { path: workspace },
        body: sourceBody(values.source),
      }),
    ),
  );
  progress.source?.(source);
  return source.id;
}

async function makeDestination(values: JobValues, progress: Progress): Promise<string> {
  if (values.destinationId !== NEW) return values.destinationId;
  const destination = await step("destination", () =>
    call(
      api.POST("/api/workspaces/{workspaceId}/destinations", {
        params: { path: workspace },
        body: destinationBody(values.destination),
      }),
    ),
  );
  progress.destination?.(destination);
  return destination.id;
}

/** Makes the job and what it needs. The answer holds its URL and secret. */
export async function createJob(values: JobValues, progress: Progress = {}): Promise<SyncJob> {
  const sourceId = await makeSource(values, progress);
  const destinationId = await makeDestination(values, progress);
  return step("job", () =>
    call(
      api.POST("/api/workspaces/{workspaceId}/sync-jobs", {
        params: { path: workspace },
        body: jobBody(values, sourceId, destinationId),
      }),
    ),
  );
}

/** Changes what differs from `before`, and nothing else. */
export async function saveJob(
  jobId: string,
  values: JobValues,
  before: JobValues,
  progress: Progress = {},
): Promise<void> {
  const ofSource = values.sourceId === before.sourceId ? sourceChanges(values.source, before.source) : null;
  if (ofSource) {
    const path = { ...workspace, sourceId: values.sourceId };
    const source = await step("source", () =>
      call(
        api.PATCH("/api/workspaces/{workspaceId}/sources/{sourceId}", { params: { path }, body: ofSource }),
      ),
    );
    progress.source?.(source);
  }
  const ofDestination =
    values.destinationId === before.destinationId
      ? destinationChanges(values.destination, before.destination)
      : null;
  if (ofDestination) {
    const path = { ...workspace, destinationId: values.destinationId };
    const destination = await step("destination", () =>
      call(
        api.PATCH("/api/workspaces/{workspaceId}/destinations/{destinationId}", {
          params: { path },
          body: ofDestination,
        }),
      ),
    );
    progress.destination?.(destination);
  }
  const sourceId = await makeSource(values, progress);
  const destinationId = await makeDestination(values, progress);
  const ofJob = jobChanges(values, before, sourceId, destinationId);
  if (ofJob) {
    await step("job", () =>
      call(
        api.PATCH("/api/workspaces/{workspaceId}/sync-jobs/{jobId}", {
          params: { path: { ...workspace, jobId } },
          body: ofJob,
        }),
      ),
    );
  }
}

/** The form's field that the engine's error is about; null where it is about none. */
export function fieldOf(error: SaveError): string | null {
  const { cause, step: failed } = error;
  if (!(cause instanceof ApiError) || !cause.field) return null;
  const { field, message } = cause;
  switch (failed) {
    case "source": {
      if (field !== "generic") return `source.${field}`;
      const named = fieldNamed(message);
      return named ? `source.generic.${named}` : null;
    }
    case "destination":
      return `destination.${field}`;
    case "job":
      // `webhookConfig.eventTypes` is `eventTypes` in the form; a list's entry is its list.
      return field
        .replace(/^webhookConfig\./, "")
        .replace("archive.days", "archiveDays")
        .replace(/(\.|\[)\d+.*$/, "");
  }
}
