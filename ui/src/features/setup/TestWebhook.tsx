import { Anchor, Button, Stack, Text } from "@mantine/core";
import { IconSend } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { describeError } from "../../api/client";
import type { SentTest } from "../../api/schema";
import { formatDuration } from "../../shared/format/numbers";
import { useSendTest } from "../../shared/jobs/mutations";
import { Status } from "../../shared/ui/Status";

interface TestWebhookProps {
  jobId: string;
  provider: string;
}

/** Sends a sample to the job's URL, signed as the provider would, and says what was answered there. */
export function TestWebhook({ jobId, provider }: TestWebhookProps) {
  const test = useSendTest(jobId);
  return (
    <Stack gap="xs" align="flex-start">
      <Text size="sm">
        A sample event, signed with the secret that counts now, is sent to the URL above the way {provider}{" "}
        would send it.
      </Text>
      <Button
        variant="default"
        leftSection={<IconSend size={14} />}
        loading={test.isPending}
        onClick={() => test.mutate()}
      >
        Send test webhook
      </Button>
      <div aria-live="polite">
        {test.data && <Result jobId={jobId} sent={test.data} />}
        {test.isError && (
          <>
            <Status tone="bad">Not sent</Status>
            <Text size="sm">
              {describeError(test.error).message} {describeError(test.error).hint}
            </Text>
          </>
        )}
      </div>
    </Stack>
  );
}

function Result({ jobId, sent }: { jobId: string; sent: SentTest }) {
  if (!sent.ok) {
    return (
      <>
        <Status tone="bad">{sent.status ? `Answered ${sent.status}` : "No answer"}</Status>
        <Text size="sm" style={{ overflowWrap: "anywhere" }}>
          {refusal(sent)}
        </Text>
      </>
    );
  }
  return (
    <>
      <Status tone="ok">{`Answered ${sent.status} in ${formatDuration(sent.durationMs)}`}</Status>
      <Text size="sm">
        {sent.eventType} was received.{" "}
        {sent.eventId && (
          <Anchor
            component={Link}
            to="/events"
            search={{ job: jobId, open: `${jobId}/${sent.eventId}` } as never}
            size="sm"
            underline="always"
          >
            Show the event
          </Anchor>
        )}
      </Text>
    </>
  );
}

/** Why a test was not taken, in words: the receiver says it in its answer. */
export function refusal(sent: Pick<SentTest, "status" | "body" | "error" | "url">): string {
  if (sent.error)
    return `${describeError(new Error(sent.error.message)).message} ${sent.error.hint ?? ""}`.trim();
  try {
    const message = JSON.parse(sent.body ?? "").error?.message;
    if (typeof message === "string") return describeError(new Error(message)).message;
  } catch {
    // Something else than the receiver answers there: what it says is shown as it is.
  }
  return `Something else than Hookline answers at ${sent.url}: ${(sent.body ?? "").slice(0, 200)}`;
}
