/** What can be done with an event, for buttons, keys and the palette alike. */
import { Text } from "@mantine/core";
import { modals } from "@mantine/modals";
import { useMemo, useState } from "react";
import type { Destination, EventDetail, SyncJob } from "../../api/schema";
import { platform } from "../../platform";
import { eventLink } from "../../shared/eventLink";
import { copy } from "../../shared/state/copy";
import { toastError, toastSuccess } from "../../shared/state/toasts";
import { curlCommand } from "./curl";
import { exportName, exportText } from "./exportFile";
import { usePin, useReplay, useRetry } from "./queries";
import { isTooOldToSendAgain } from "./signature";

export interface EventAction {
  id: "replay" | "retry" | "edit" | "curl" | "export" | "link" | "keep" | "previous" | "next";
  label: string;
  /** The key that does it. */
  hotkey?: string;
  /** Why it cannot be done now. */
  disabled?: string;
  run: () => void;
}

interface Options {
  event: EventDetail;
  job: SyncJob | undefined;
  destination: Destination | undefined;
  onNavigate: (jobId: string, eventId: string) => void;
}

export function useEventActions({ event, job, destination, onNavigate }: Options) {
  const replay = useReplay(event.jobId);
  const retry = useRetry(event.jobId);
  const pin = usePin(event.jobId, event.id);
  const [editing, setEditing] = useState<string>();
  if (editing !== undefined && editing !== event.id) setEditing(undefined);

  const actions = useMemo<EventAction[]>(() => {
    const list: EventAction[] = [];
    if (event.status === "failed") {
      list.push({ id: "retry", label: "Retry", hotkey: "t", run: () => retry.mutate(event.id) });
    }
    list.push(
      {
        id: "replay",
        label: "Replay",
        hotkey: "r",
        ...(event.status === "rejected"
          ? { disabled: "A request that was refused at receipt is never applied." }
          : {}),
        run: () =>
          confirmReplay(destination, () =>
            replay.mutate(event.id, {
              // The event may look the same before and after.
              onSuccess: () => toastSuccess(`Replayed ${event.type || "the event"}`),
            }),
          ),
      },
      {
        id: "edit",
        label: "Edit & send",
        hotkey: "e",
        ...(event.rawBody == null ? { disabled: "The body is no text, so it cannot be edited." } : {}),
        run: () => setEditing(event.id),
      },
      { id: "curl", label: "Copy as cURL", hotkey: "c", run: () => void copyCurl(event, job) },
      { id: "export", label: "Export", run: () => void save(event) },
      {
        id: "link",
        label: "Copy link",
        run: () => void copy(eventLink(event.jobId, event.id), "link to this event"),
      },
    );
    list.push({
      id: "keep",
      label: event.pinned ? "No longer keep" : "Keep",
      run: () =>
        pin.mutate(!event.pinned, {
          onSuccess: () =>
            event.pinned
              ? toastSuccess("No longer kept")
              : toastSuccess("Kept", "It is not cleaned up, whatever its age."),
          onError: (error) => toastError("This could not be changed", error),
        }),
    });
    for (const [id, label, hotkey, neighbour] of [
      ["previous", "Previous event of this object", "[", event.previousOfObject],
      ["next", "Next event of this object", "]", event.nextOfObject],
    ] as const) {
      list.push({
        id,
        label,
        hotkey,
        ...(neighbour ? {} : { disabled: `There is no ${id} event of this object.` }),
        run: () => neighbour && onNavigate(event.jobId, neighbour.id),
      });
    }
    return list;
  }, [event, job, destination, onNavigate, replay.mutate, retry.mutate, pin.mutate]);

  // What was asked of one event, and what came of it, is not told of the next one.
  const isOfThis = ({ variables }: { variables: string | undefined }) => variables === event.id;
  const replayError = isOfThis(replay) && replay.error;
  const retryError = isOfThis(retry) && retry.error;
  return {
    actions,
    error: replayError || retryError,
    errorTitle: replayError ? "The event could not be replayed" : "The event could not be retried",
    busy:
      isOfThis(replay) && replay.isPending
        ? "replay"
        : isOfThis(retry) && retry.isPending
          ? "retry"
          : undefined,
    editing: editing !== undefined,
    stopEditing: () => setEditing(undefined),
    /** Shows the event that an edited payload became, in the place of the dialog. */
    showSent: (jobId: string, eventId: string) => {
      setEditing(undefined);
      onNavigate(jobId, eventId);
    },
  };
}

function confirmReplay(destination: Destination | undefined, onConfirm: () => void): void {
  modals.openConfirmModal({
    title: "Replay this event?",
    children: (
      <Text size="sm">
        {destination?.kind === "http"
          ? `The request is sent to ${destination.name} once more, as it came. What acts on it there may act twice.`
          : "It is applied once more, as it came. The newest state wins: where the destination already holds a newer state of this object, that one stays."}
      </Text>
    ),
    closeButtonProps: { "aria-label": "Close" },
    labels: { confirm: "Replay event", cancel: "Cancel" },
    confirmProps: { "data-autofocus": true },
    onConfirm,
  });
}

async function copyCurl(event: EventDetail, job: SyncJob | undefined): Promise<void> {
  const command = curlCommand(event, job?.webhookUrl ?? event.url);
  if (!(await copy(command, "cURL command", { quiet: true }))) return;
  toastSuccess(
    "Copied cURL command",
    isTooOldToSendAgain(event.signature, Date.now())
      ? "Its signature is too old by now: the receiver will refuse it. Edit & send signs anew."
      : undefined,
  );
}

async function save(event: EventDetail): Promise<void> {
  try {
    const name = exportName(event);
    if (await platform().saveText(name, exportText(event, new Date()))) toastSuccess(`Exported ${name}`);
  } catch (error) {
    toastError("The event could not be exported", error);
  }
}
