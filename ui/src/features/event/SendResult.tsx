import { Anchor, Button, Group, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { SentTest } from "../../api/schema";
import { sentence } from "../../api/sentence";
import { eventTone, statusMeaning, statusWord } from "../../shared/eventStatus";
import { formatDuration } from "../../shared/format/numbers";
import { JsonView } from "../../shared/json/JsonView";
import { Status } from "../../shared/ui/Status";
import { answerWords } from "./attempts";
import { eventQuery } from "./queries";

interface SendResultProps {
  sent: SentTest;
  jobId: string;
  onOpen: (eventId: string) => void;
  /** Gives the payload another event id and sends it once more; absent where the id is not in the payload. */
  onSendWithNewId?: () => void;
}

/** What the receiver answered to an edited payload, and what became of the event. */
export function SendResult({ sent, jobId, onOpen, onSendWithNewId }: SendResultProps) {
  return (
    <Stack gap={6} role="status">
      <Group gap="xs">
        <Status tone={sent.ok ? "ok" : "bad"}>{receiverWords(sent)}</Status>
        {sent.eventId && (
          <Anchor
            component="button"
            type="button"
            fz="sm"
            onClick={() => sent.eventId && onOpen(sent.eventId)}
          >
            {sent.duplicate ? "Show the event that was there" : "Show the new event"}
          </Anchor>
        )}
      </Group>
      {sent.error && (
        <Text size="sm">
          {sentence(sent.error.message)} {sent.error.hint}
        </Text>
      )}
      {sent.duplicate ? (
        <Group gap="xs">
          <Text size="sm">
            The receiver has had an event with this id before, so nothing new was stored or applied.
          </Text>
          {onSendWithNewId && (
            <Button variant="default" size="compact-xs" onClick={onSendWithNewId}>
              Send with a new id
            </Button>
          )}
        </Group>
      ) : (
        sent.eventId && <Delivered jobId={jobId} eventId={sent.eventId} />
      )}
      {!sent.ok && sent.body && (
        <JsonView text={sent.body} label="The receiver's answer" maxHeight={120} toolbar={false} />
      )}
    </Stack>
  );
}

function receiverWords(sent: SentTest): string {
  if (sent.status == null) return "The receiver did not answer";
  const verdict = sent.ok ? "accepted it" : "refused it";
  return `The receiver ${verdict}: HTTP ${sent.status} in ${formatDuration(sent.durationMs)}`;
}

/** How the new event fares at the destination; read again whenever the engine says that events changed. */
function Delivered({ jobId, eventId }: { jobId: string; eventId: string }) {
  const { data: event } = useQuery(eventQuery(jobId, eventId));
  if (!event) return null;
  const answer = event.history.at(-1)?.answer;
  return (
    <>
      <Group gap="xs">
        <Status tone={eventTone(event)}>
          {answer ? `${statusWord(event)}: ${answerWords(answer)}` : statusWord(event)}
        </Status>
        <Text size="sm" c="dimmed">
          {event.error ? sentence(event.error) : statusMeaning(event)}
        </Text>
      </Group>
      {answer?.body && (
        <JsonView text={answer.body} label="The destination's answer" maxHeight={140} toolbar={false} />
      )}
    </>
  );
}
