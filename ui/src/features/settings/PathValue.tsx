import { Button, Text } from "@mantine/core";
import { IconFolderOpen } from "@tabler/icons-react";
import { platform } from "../../platform";
import { toastError } from "../../shared/state/toasts";
import { CopyButton } from "../../shared/ui/CopyButton";
import classes from "./Settings.module.css";

/** A path or an address with a button that copies it and, for folders where the host can, one that opens it. */
export function PathValue({
  value,
  what,
  folder = false,
}: {
  value: string;
  what: string;
  folder?: boolean;
}) {
  const { openFolder } = platform();
  return (
    <>
      <Text ff="monospace" size="xs" className={classes.path}>
        {value}
      </Text>
      <CopyButton value={value} what={what} />
      {folder && openFolder && (
        <Button
          variant="default"
          size="compact-xs"
          leftSection={<IconFolderOpen size={14} />}
          onClick={() =>
            openFolder(value).catch((error: unknown) => toastError(`The ${what} could not be opened`, error))
          }
        >
          Open
        </Button>
      )}
    </>
  );
}
