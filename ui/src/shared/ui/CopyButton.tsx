import { ActionIcon, type ActionIconProps, Tooltip } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { copy } from "../state/copy";

interface CopyButtonProps extends ActionIconProps {
  /** What is copied, or a function that gives it. */
  value: string | (() => string | Promise<string>);
  /** What it is, for the label: "webhook URL". */
  what: string;
}

/** Copies and says so. */
export function CopyButton({ value, what, ...rest }: CopyButtonProps) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 1500);
    return () => clearTimeout(timer);
  }, [copied]);
  const label = copied ? "Copied" : `Copy ${what}`;
  return (
    <Tooltip label={label}>
      <ActionIcon
        aria-label={label}
        onClick={async (event) => {
          event.stopPropagation();
          setCopied(await copy(value, what, { quiet: true }));
        }}
        {...rest}
      >
        {copied ? <IconCheck size={14} color="var(--hl-ok)" /> : <IconCopy size={14} />}
      </ActionIcon>
    </Tooltip>
  );
}
