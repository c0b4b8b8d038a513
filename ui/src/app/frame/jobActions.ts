/** What can be done with any sync job from anywhere. */
import type { UseNavigateResult } from "@tanstack/react-router";
import type { SyncJob } from "../../api/schema";
import { setEnabled } from "../../shared/jobs/mutations";
import { sendTest } from "../../shared/jobs/testWebhooks";
import type { Action } from "../../shared/state/actions";
import { copy } from "../../shared/state/copy";
import { toastError, toastSuccess } from "../../shared/state/toasts";

interface Ways {
  navigate: UseNavigateResult<string>;
  onDelete: (job: SyncJob) => void;
}

export function jobActions(job: SyncJob, { navigate, onDelete }: Ways): Action[] {
  const { id, name, enabled } = job;
  const params = { jobId: id };
  const action = (what: string, label: string, run: () => void, keywords?: string): Action => ({
    id: `job.${what}.${id}`,
    label,
    group: "Transfers",
    ...(keywords ? { keywords } : {}),
    run,
  });
  return [
    action("open", `Open ${name}`, () => void navigate({ to: "/transfers/$jobId", params })),
    action("events", `Show events of ${name}`, () => void navigate({ to: "/events", search: { job: id } })),
    action("url", `Copy webhook URL of ${name}`, () => void copy(job.webhookUrl, "webhook URL")),
    action("edit", `Edit ${name}`, () => void navigate({ to: "/transfers/$jobId/edit", params }), "change"),
    action(
      "setup",
      `Set up ${name}`,
      () => void navigate({ to: "/transfers/$jobId/setup", params }),
      "secret",
    ),
    action(
      "toggle",
      `${enabled ? "Pause" : "Resume"} ${name}`,
      () => void toggle(job),
      "stop start enable disable",
    ),
    action("test", `Send test webhook to ${name}`, () => void test(job), "sample event try"),
    action("delete", `Delete ${name}…`, () => onDelete(job), "remove"),
  ];
}

async function toggle({ id, name, enabled }: SyncJob): Promise<void> {
  try {
    await setEnabled(id, !enabled);
    toastSuccess(enabled ? `Paused ${name}` : `${name} receives again`);
  } catch (error) {
    toastError(`${name} could not be ${enabled ? "paused" : "resumed"}`, error);
  }
}

async function test({ id, name }: SyncJob): Promise<void> {
  const failure = `${name} did not take the test webhook`;
  try {
    const sent = await sendTest(id);
    if (sent.ok) toastSuccess(`Sent ${sent.eventType} to ${name}`);
    else toastError(failure, new Error(sent.error?.message ?? `${sent.url} answered ${sent.status}`));
  } catch (error) {
    toastError(failure, error);
  }
}
