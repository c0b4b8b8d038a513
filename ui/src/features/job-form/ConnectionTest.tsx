/** *Test connection*: says what is wrong before anything is saved. */
import { Button, Stack, Text } from "@mantine/core";
import { IconPlugConnected } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { describeError } from "../../api/client";
import type { CheckAnswer } from "../../api/schema";
import { Status } from "../../shared/ui/Status";

interface ConnectionTestProps {
  /** What would be tried, as text: another one makes an earlier result void. */
  subject: string;
  run: () => Promise<CheckAnswer>;
  /** Looks at the fields first; false keeps it from being tried. */
  ready?: () => boolean;
}

export function ConnectionTest({ subject, run, ready }: ConnectionTestProps) {
  const test = useMutation({
    mutationFn: async (tried: string) => ({ tried, answer: await run() }),
  });
  const current = test.variables === subject;
  return (
    <Stack gap="xs" align="flex-start">
      <Button
        variant="default"
        leftSection={<IconPlugConnected size={14} />}
        loading={test.isPending}
        onClick={() => (ready?.() ?? true) && test.mutate(subject)}
      >
        Test connection
      </Button>
      <div aria-live="polite">
        {current && test.isPending && <Text size="sm">Trying to connect. This takes up to 30 seconds.</Text>}
        {current && test.data && <Answer answer={test.data.answer} />}
        {current && test.isError && (
          <Answer
            answer={{ ok: false, error: { code: "internal", ...describeError(test.error) } } as CheckAnswer}
          />
        )}
      </div>
    </Stack>
  );
}

function Answer({ answer }: { answer: CheckAnswer }) {
  if (answer.ok) {
    return <Status tone="ok">{answer.message ? `Works: ${answer.message}` : "Works"}</Status>;
  }
  const { message, hint } = describeError(new Error(answer.error?.message ?? "it cannot be written to"));
  return (
    <Stack gap={2}>
      <Status tone="bad">Does not work</Status>
      <Text size="sm" style={{ overflowWrap: "anywhere" }}>
        {message}
      </Text>
      {(answer.error?.hint ?? hint) && (
        <Text size="sm" c="dimmed">
          {answer.error?.hint ?? hint}
        </Text>
      )}
    </Stack>
  );
}
