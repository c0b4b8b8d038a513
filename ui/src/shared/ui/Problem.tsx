import { Text } from "@mantine/core";
import { Callout } from "./Callout";
import { Linked } from "./Linked";
import { Status } from "./Status";

/** What went wrong and what to do, where it happened, with web addresses that can be followed. */
export function Problem({
  title,
  message,
  hint,
}: {
  title: string;
  message: string;
  hint?: string | null | undefined;
}) {
  return (
    <Callout tone="bad" role="alert">
      <Status tone="bad">{title}</Status>
      <Text size="sm" component="div">
        <Linked>{message}</Linked>
      </Text>
      {hint && (
        <Text size="sm" c="dimmed" component="div">
          <Linked>{hint}</Linked>
        </Text>
      )}
    </Callout>
  );
}
