/**
 * Asks, does, and tells: replay, retry, export, and the collecting of all that match. It stays until it is done or
 * cancelled; what was done until then stays done, and the words say so.
 */
import { Button, Group, List, Modal, Progress, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { describeError } from "../../api/client";
import { destinationsQuery, jobsQuery } from "../../api/queries";
import { platform } from "../../platform";
import { formatBytes, formatCount, plural } from "../../shared/format/numbers";
import { toastError, toastSuccess } from "../../shared/state/toasts";
import {
  again,
  type BulkResult,
  collectMatching,
  exportable,
  exportLines,
  groupedFailures,
  MOST_COLLECTED,
  MOST_EXPORTED,
  MOST_EXPORTED_BYTES,
} from "./bulk";
import type { EventFilter } from "./search";
import { type Selected, select } from "./selection";

export type BulkTask =
  | { kind: "replay" | "retry" | "export"; events: Selected[] }
  | { kind: "collect"; filter: EventFilter };

interface BulkDialogProps {
  task: BulkTask;
  onClose: () => void;
}

type Stage =
  | { at: "asking" }
  | { at: "running"; done: number; cancelling: boolean }
  | { at: "done"; words: string; details: { message: string; count: number }[] };

const VERBS = { replay: "Replay", retry: "Retry" } as const;

export function BulkDialog({ task, onClose }: BulkDialogProps) {
  const asks = task.kind === "replay" || task.kind === "retry";
  const [stage, setStage] = useState<Stage>(
    asks ? { at: "asking" } : { at: "running", done: 0, cancelling: false },
  );
  const stop = useRef<AbortController>(undefined);

  const run = async () => {
    const controller = new AbortController();
    stop.current = controller;
    setStage({ at: "running", done: 0, cancelling: false });
    const progress = (done: number) =>
      setStage((before) => (before.at === "running" ? { ...before, done } : before));
    const outcome = await perform(task, progress, controller.signal);
    if (!shown.current) tell(outcome);
    else if (outcome.quiet) {
      if (outcome.words) toastSuccess(outcome.words);
      onClose();
    } else {
      setStage({ at: "done", words: outcome.words, details: outcome.details });
    }
  };

  // What needs no question begins at once. Leaving the page ends it.
  const begun = useRef(false);
  const shown = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, for the task that the dialog was opened with
  useEffect(() => {
    if (!asks && !begun.current) void run();
    begun.current = true;
    shown.current = true;
    return () => {
      shown.current = false;
      stop.current?.abort();
    };
  }, []);

  const cancel = () => {
    stop.current?.abort();
    setStage((before) => (before.at === "running" ? { ...before, cancelling: true } : before));
  };
  const total = task.kind === "collect" ? undefined : sizeOf(task);
  return (
    <Modal
      opened
      onClose={() => (stage.at === "running" ? cancel() : onClose())}
      closeOnClickOutside={stage.at !== "running"}
      closeButtonProps={{ "aria-label": stage.at === "running" ? "Cancel" : "Close" }}
      title={titleOf(task)}
      size={480}
    >
      {stage.at === "asking" && task.kind !== "collect" && task.kind !== "export" && (
        <Stack>
          <Question kind={task.kind} events={task.events} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button data-autofocus onClick={() => void run()}>
              {VERBS[task.kind]} {plural(task.events.length, "event")}
            </Button>
          </Group>
        </Stack>
      )}
      {stage.at === "running" && (
        <Stack>
          <Progress
            value={total ? (stage.done / total) * 100 : 100}
            animated={!total}
            aria-label="Progress"
            size="sm"
          />
          <Text role="status">
            {total
              ? `${formatCount(stage.done)} of ${formatCount(total)}`
              : `${plural(stage.done, "event")} found`}
          </Text>
          {task.kind === "export" && total !== undefined && total < task.events.length && (
            <Text c="dimmed">
              An export holds at most {formatCount(MOST_EXPORTED)} events and{" "}
              {formatBytes(MOST_EXPORTED_BYTES)} of payloads: the first of the selected ones.
            </Text>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={cancel} disabled={stage.cancelling} data-autofocus>
              {stage.cancelling ? "Cancelling…" : "Cancel"}
            </Button>
          </Group>
        </Stack>
      )}
      {stage.at === "done" && (
        <Stack>
          <Text role="alert">{stage.words}</Text>
          {stage.details.length > 0 && (
            <List size="sm" spacing={4}>
              {stage.details.slice(0, 10).map(({ message, count }) => (
                <List.Item key={message}>
                  {count > 1 && `${formatCount(count)} × `}
                  {message}
                </List.Item>
              ))}
            </List>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose} data-autofocus>
              Close
            </Button>
          </Group>
        </Stack>
      )}
    </Modal>
  );
}

/** What exactly happens, before it does. */
function Question({ kind, events }: { kind: "replay" | "retry"; events: readonly Selected[] }) {
  const { data: jobs } = useQuery(jobsQuery);
  const { data: destinations } = useQuery(destinationsQuery);
  const jobIds = new Set(events.map((event) => event.jobId));
  const forwards = jobs?.some(
    (job) =>
      jobIds.has(job.id) &&
      destinations?.some(
        (destination) => destination.id === job.destinationId && destination.kind === "http",
      ),
  );
  const one = events.length === 1;
  return (
    <Stack gap="xs">
      <Text>
        {kind === "replay"
          ? `${one ? "It is" : "Each is"} applied again from its stored bytes.`
          : `${one ? "It is" : "Each is"} tried again now from its stored bytes.`}{" "}
        Newer states in the destination win, so nothing newer is overwritten.
      </Text>
      {forwards && <Text>An HTTP destination will receive the {one ? "request" : "requests"} again.</Text>}
    </Stack>
  );
}

const sizeOf = (task: { kind: string; events: readonly Selected[] }): number =>
  task.kind === "export" ? exportable(task.events).length : task.events.length;

function titleOf(task: BulkTask): string {
  switch (task.kind) {
    case "collect":
      return "Select all that match the filter";
    case "export":
      return `Export ${plural(sizeOf(task), "event")}`;
    default:
      return `${VERBS[task.kind]} ${plural(task.events.length, "event")}?`;
  }
}

/** Tells the end of it where the dialog is gone, with the page that it belonged to. */
function tell({ words, details }: Outcome): void {
  const [first] = details;
  if (first) toastError(words, new Error(first.message));
  else if (words) toastSuccess(words);
}

interface Outcome {
  words: string;
  details: { message: string; count: number }[];
  /** Nothing that has to be read: the dialog may go. */
  quiet: boolean;
}

async function perform(
  task: BulkTask,
  progress: (done: number) => void,
  signal: AbortSignal,
): Promise<Outcome> {
  try {
    switch (task.kind) {
      case "replay":
      case "retry":
        return outcomeOf(
          await again(task.kind, task.events, progress, signal),
          task.kind === "replay" ? "replayed" : "retried",
        );
      case "export": {
        const { text, ...result } = await exportLines(exportable(task.events), progress, signal);
        if (result.cancelled || text === "") return outcomeOf(result, "exported");
        const saved = await platform().saveText("events.jsonl", text);
        return saved ? outcomeOf(result, "exported") : { words: "", details: [], quiet: true };
      }
      case "collect": {
        const { events, all } = await collectMatching(task.filter, progress, signal);
        select(events);
        const words = `${plural(events.length, "event is", "events are")} selected.`;
        if (all) return { words, details: [], quiet: true };
        const bound = `More match, but at most ${formatCount(MOST_COLLECTED)} can be selected at once: these are the newest.`;
        return { words: `${words} ${bound}`, details: [], quiet: false };
      }
    }
  } catch (error) {
    if (signal.aborted) return { words: "", details: [], quiet: true };
    const { message, hint } = describeError(error);
    return { words: [message, hint].filter(Boolean).join(" "), details: [], quiet: false };
  }
}

/** The end of it in words: `14 replayed`, or what failed, or how far it came. */
export function outcomeOf(result: BulkResult, participle: string): Outcome {
  const { done, failed, cancelled, error } = result;
  const words = `${formatCount(done)} ${participle}${failed.length > 0 ? `, ${formatCount(failed.length)} failed` : ""}`;
  const details = groupedFailures(failed);
  if (error !== undefined) {
    const { message, hint } = describeError(error);
    return {
      words: `${words}. Then it broke off: ${[message, hint].filter(Boolean).join(" ")}`,
      details,
      quiet: false,
    };
  }
  if (cancelled) {
    // Nothing was done, or only read: there is nothing to tell.
    const quiet = (done === 0 || participle === "exported") && failed.length === 0;
    return { words: quiet ? "" : `Cancelled: ${words} before that.`, details, quiet };
  }
  return { words: failed.length > 0 ? `${words}:` : words, details, quiet: failed.length === 0 };
}
