import { useEffect, useMemo, useRef, useState } from "react";
import { describeError } from "../../api/client";
import type { SentTest, SyncJob } from "../../api/schema";
import { formatCount, formatDuration, plural } from "../../shared/format/numbers";
import { useResume, useRetryFailed, useSendTest, useSetEnabled } from "../../shared/jobs/mutations";
import { type Action, useActions } from "../../shared/state/actions";
import { copy } from "../../shared/state/copy";
import type { Tone } from "../../shared/ui/Status";
import { useEndpointActions } from "./useEndpointActions";

/** What became of the last action, shown under the buttons. */
export interface Note {
  tone: Tone;
  title: string;
  message?: string | undefined;
  hint?: string | undefined;
  /** The event that a test webhook became. */
  eventId?: string | undefined;
}

type Running = "toggle" | "send" | "retry" | "resume";

interface Dialogs {
  onRotate: () => void;
  onDiagnose: () => void;
  /** Shows how the provider is set up. */
  onSetUp: () => void;
}

/** The job's actions, for its buttons and for the command palette. */
export function useJobActions(job: SyncJob, failed: number, { onRotate, onDiagnose, onSetUp }: Dialogs) {
  const [note, setNote] = useState<Note>();
  useEndpointActions({ jobId: job.id, jobName: job.name, onNote: setNote, onSetUp });
  const setEnabled = useSetEnabled(job.id);
  const send = useSendTest(job.id);
  const retry = useRetryFailed(job.id);
  const resume = useResume(job.id);

  const failure = (title: string) => (error: unknown) =>
    setNote({ tone: "bad", title, ...describeError(error) });
  const run = {
    toggle: () =>
      setEnabled.mutate(!job.enabled, {
        onSuccess: () => setNote(undefined),
        onError: failure(job.enabled ? "The job could not be paused" : "The job could not be resumed"),
      }),
    sendTest: () =>
      send.mutate(undefined, {
        onSuccess: (sent) => setNote(testNote(sent)),
        onError: failure("No test webhook was sent"),
      }),
    retryFailed: () =>
      retry.mutate(undefined, {
        onSuccess: ({ retried }) =>
          setNote({ tone: "ok", title: `${plural(retried, "failed event")} due again` }),
        onError: failure("The failed events could not be retried"),
      }),
    resume: () =>
      resume.mutate(undefined, {
        onSuccess: () => setNote({ tone: "busy", title: "The destination is being tried again" }),
        onError: failure("The destination could not be tried"),
      }),
  };

  // The palette's list stays the same while nothing that it says has changed; what it runs is always the present.
  const present = useRef({ run, onRotate, onDiagnose });
  useEffect(() => {
    present.current = { run, onRotate, onDiagnose };
  });
  const { enabled, name, webhookUrl } = job;
  const actions = useMemo<Action[]>(() => {
    const action = (id: string, label: string, keywords: string, what: () => void): Action => ({
      id: `job.${id}`,
      label,
      group: name,
      keywords,
      run: what,
    });
    return [
      action("toggle", enabled ? "Pause this job" : "Resume this job", "stop start enable disable", () =>
        present.current.run.toggle(),
      ),
      action("send", "Send test webhook", "sample event try", () => present.current.run.sendTest()),
      action("rotate", "Rotate secret", "signing key new replace", () => present.current.onRotate()),
      action("diagnose", "Why is nothing arriving?", "diagnosis check help missing", () =>
        present.current.onDiagnose(),
      ),
      ...(failed > 0
        ? [
            action("retry", `Retry ${formatCount(failed)} failed`, "again events", () =>
              present.current.run.retryFailed(),
            ),
          ]
        : []),
      action("resume", "Try destination again", "reconnect waiting blocked", () =>
        present.current.run.resume(),
      ),
      action("url", "Copy this job's webhook URL", "address", () => void copy(webhookUrl, "webhook URL")),
    ];
  }, [enabled, name, webhookUrl, failed]);
  useActions(actions);

  const busy: Running | undefined = setEnabled.isPending
    ? "toggle"
    : send.isPending
      ? "send"
      : retry.isPending
        ? "retry"
        : resume.isPending
          ? "resume"
          : undefined;
  return { ...run, note, busy, dismiss: () => setNote(undefined) };
}

/** What became of a test webhook, in words. */
export function testNote(sent: SentTest): Note {
  const took = `in ${formatDuration(sent.durationMs)}`;
  if (sent.ok) {
    return {
      tone: "ok",
      title: `Sent ${sent.eventType}`,
      message: `${sent.url} answered ${sent.status} ${took}.`,
      eventId: sent.eventId ?? undefined,
    };
  }
  if (typeof sent.status === "number") {
    return {
      tone: "bad",
      title: `${sent.eventType} was refused`,
      message: `${sent.url} answered ${sent.status} ${took}${sent.body ? `: ${sent.body.slice(0, 500)}` : "."}`,
    };
  }
  return {
    tone: "bad",
    title: `${sent.eventType} did not arrive`,
    message: `${sent.url} did not answer: ${sent.error?.message ?? "the connection failed"}.`,
    hint: sent.error?.hint ?? undefined,
  };
}
