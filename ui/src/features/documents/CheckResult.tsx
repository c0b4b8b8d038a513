import { ActionIcon, Group, Loader, Text } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import type { CheckAnswer } from "../../api/schema";
import { checkProblem } from "../../shared/jobs/check";
import { Status } from "../../shared/ui/Status";

interface CheckResultProps {
  running: boolean;
  answer: CheckAnswer | undefined;
  /** The check itself could not be made. */
  error: Error | null;
  onDismiss?: () => void;
}

/** What a check of a connection found, in words, where it was asked for. */
export function CheckResult({ running, answer, error, onDismiss }: CheckResultProps) {
  if (running) {
    return (
      <Group gap={8} role="status">
        <Loader size={14} />
        <Text size="sm">Connecting…</Text>
      </Group>
    );
  }
  if (!answer && !error) return null;
  const refused = checkProblem(answer, error);
  return (
    <Group gap={4} wrap="nowrap" align="flex-start" role="status">
      <div style={{ flex: 1, minWidth: 0, overflowWrap: "anywhere" }}>
        <Status tone={answer?.ok ? "ok" : "bad"}>
          {answer?.ok ? "Connection works" : answer ? "Connection does not work" : "Not checked"}
        </Status>
        <Text size="xs">{answer?.ok ? answer.message : refused?.message}</Text>
        {refused?.hint && (
          <Text size="xs" c="dimmed">
            {refused.hint}
          </Text>
        )}
      </div>
      {onDismiss && (
        <ActionIcon size={20} aria-label="Dismiss the result" onClick={onDismiss}>
          <IconX size={12} />
        </ActionIcon>
      )}
    </Group>
  );
}
