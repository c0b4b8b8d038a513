/** Edits an event's payload and sends it as a new, correctly signed request. */
import { Button, Group, Modal, Text, TextInput } from "@mantine/core";
import { IconSend } from "@tabler/icons-react";
import { useMemo, useRef, useState } from "react";
import { ApiError, describeError } from "../../api/client";
import type { EventDetail } from "../../api/schema";
import { JsonEditor } from "../../shared/json/JsonEditor";
import { shownHotkey } from "../../shared/ui/keys";
import classes from "./Event.module.css";
import { editableText, hasTypeInHeader, withNewId } from "./editing";
import { MutationError } from "./MutationError";
import { useSendEdited } from "./queries";
import { SendResult } from "./SendResult";

interface EditAndSendProps {
  event: EventDetail;
  onClose: () => void;
  /** Shows the event that came of it. */
  onOpen: (jobId: string, eventId: string) => void;
}

export function EditAndSend({ event, onClose, onOpen }: EditAndSendProps) {
  const typeInHeader = hasTypeInHeader(event.providerKind);
  const [start, setStart] = useState(() => beginning(event));
  const [id, setId] = useState(start.id);
  const [text, setText] = useState(start.text);
  const [isJson, setIsJson] = useState(true);
  const [eventType, setEventType] = useState(event.type);
  const send = useSendEdited(event.jobId);
  const result = useRef<HTMLDivElement>(null);

  const submit = (body = text) => {
    if (send.isPending) return;
    const edited = typeInHeader ? { body, eventType } : { body };
    send.mutate(edited, { onSettled: () => result.current?.scrollIntoView?.({ block: "nearest" }) });
  };
  const sendWithNewId = () => {
    const next = withNewId(text, id);
    if (!next) return;
    setStart(next);
    setId(next.id);
    setText(next.text);
    submit(next.text);
  };
  // Looked for in what was sent, not at every key.
  const hasId = useMemo(
    () => send.variables !== undefined && withNewId(send.variables.body, id) !== undefined,
    [send.variables, id],
  );
  const isEdited = text !== start.text || eventType !== event.type;
  const isSent =
    send.isSuccess &&
    send.variables.body === text &&
    (!typeInHeader || send.variables.eventType === eventType);
  const typeError = send.error instanceof ApiError && send.error.field === "eventType";

  return (
    <Modal
      opened
      onClose={onClose}
      size={860}
      title={`Edit & send ${event.type}`}
      // What was typed is not thrown away by a slip of the pointer or a stray key.
      closeOnClickOutside={false}
      closeOnEscape={!isEdited || isSent}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <div className={classes.dialog}>
        <Text size="sm" c="dimmed">
          Sent to the job's URL as a new request, signed with the job's secret as {event.providerLabel} would.
          {id !== event.providerEventId &&
            " The event's id was changed, because a receiver takes each id once."}
        </Text>
        {typeInHeader && (
          <TextInput
            label="Event type"
            description={`${event.providerLabel} sends it in a header.`}
            value={eventType}
            onChange={(change) => setEventType(change.currentTarget.value)}
            error={typeError && describeError(send.error).message}
          />
        )}
        <JsonEditor
          value={start.text}
          label="Payload to send"
          onChange={setText}
          onChecked={setIsJson}
          onSubmit={() => submit()}
        />
        <div ref={result}>
          {!typeError && <MutationError title="The request could not be sent" error={send.error} />}
          {send.data && (
            <SendResult
              sent={send.data}
              jobId={event.jobId}
              onOpen={(eventId) => onOpen(event.jobId, eventId)}
              {...(hasId ? { onSendWithNewId: sendWithNewId } : {})}
            />
          )}
        </div>
        <Group justify="flex-end" gap="xs">
          {!isJson && (
            <Text size="xs" c="dimmed" flex={1}>
              What is no JSON can be sent too, to see what the receiver makes of it.
            </Text>
          )}
          <Button variant="default" onClick={onClose}>
            Close
          </Button>
          <Button
            leftSection={<IconSend size={14} />}
            loading={send.isPending}
            disabled={text === ""}
            onClick={() => submit()}
            title={shownHotkey("mod+Enter")}
          >
            {send.data ? "Send again" : "Send"}
          </Button>
        </Group>
      </div>
    </Modal>
  );
}

function beginning(event: EventDetail): { text: string; id: string } {
  const text = editableText(event);
  return withNewId(text, event.providerEventId) ?? { text, id: event.providerEventId };
}
