/** Results of what runs in the background. What can be shown where it happened is shown there instead. */
import { Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconAlertTriangle, IconCheck } from "@tabler/icons-react";
import { describeError } from "../../api/client";

/** Something was done. What is `long` stays until it can be read in peace. */
export function toastSuccess(title: string, message?: string, { long = false } = {}): void {
  notifications.show({
    title,
    message,
    color: "green",
    icon: <IconCheck size={16} />,
    autoClose: long ? 15_000 : 3500,
    withBorder: true,
    closeButtonProps: { "aria-label": "Close" },
  });
}

/**
 * Something failed: why, and what to do. Stays long enough to be read. Of what is told under one `id` only the first is
 * shown, as long as it is.
 */
export function toastError(title: string, error: unknown, id?: string): void {
  const { message, hint } = describeError(error);
  notifications.show({
    ...(id === undefined ? {} : { id }),
    title,
    message: (
      <>
        <Text size="sm">{message}</Text>
        {hint && (
          <Text size="sm" c="dimmed">
            {hint}
          </Text>
        )}
      </>
    ),
    color: "red",
    icon: <IconAlertTriangle size={16} />,
    autoClose: 15_000,
    withBorder: true,
    closeButtonProps: { "aria-label": "Close" },
  });
}
