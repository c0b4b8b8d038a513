/** What a pane shows when it has nothing to show: empty, loading, failed. */
import { Button, Group, Skeleton, Stack, Text, Title } from "@mantine/core";
import { IconAlertTriangle, IconRefresh } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { describeError } from "../../api/client";
import classes from "./States.module.css";

interface EmptyProps {
  icon?: ReactNode;
  title: string;
  /** One sentence that teaches the next step. */
  children?: ReactNode;
  /** One button. */
  action?: ReactNode;
}

export function Empty({ icon, title, children, action }: EmptyProps) {
  return (
    <div className={classes.center}>
      {icon && <div className={classes.icon}>{icon}</div>}
      <Title order={2}>{title}</Title>
      {children && (
        <Text c="dimmed" maw={440} ta="center">
          {children}
        </Text>
      )}
      {action}
    </div>
  );
}

interface FailedProps {
  /** What could not be done: "The events could not be read". */
  title: string;
  error: unknown;
  onRetry?: () => void;
}

export function Failed({ title, error, onRetry }: FailedProps) {
  const { message, hint } = describeError(error);
  return (
    <div className={classes.center} role="alert">
      <IconAlertTriangle size={28} color="var(--hl-bad)" />
      <Title order={2}>{title}</Title>
      <Stack gap={4} maw={520} ta="center">
        <Text>{message}</Text>
        {hint && <Text c="dimmed">{hint}</Text>}
      </Stack>
      {onRetry && (
        <Button variant="default" leftSection={<IconRefresh size={14} />} onClick={onRetry}>
          Retry
        </Button>
      )}
    </div>
  );
}

/** Grey lines in the place of rows. */
export function LoadingRows({ rows = 8, height = 16 }: { rows?: number; height?: number }) {
  return (
    <Stack gap={12} p="md" aria-busy="true" aria-label="Loading" role="status">
      {Array.from({ length: rows }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the lines have no identity
        <Group key={index} gap="md" wrap="nowrap">
          <Skeleton height={height} width={72} />
          <Skeleton height={height} style={{ flex: 1, maxWidth: `${40 + ((index * 17) % 50)}%` }} />
        </Group>
      ))}
    </Stack>
  );
}
