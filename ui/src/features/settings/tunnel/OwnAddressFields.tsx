import { Code, Group, SegmentedControl, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { CopyButton } from "../../../shared/ui/CopyButton";
import classes from "./Tunnel.module.css";
import type { FieldsProps } from "./TunnelForm";
import { MOST, proxyExamples } from "./values";

/** The address of the user's own proxy or tunnel, and how that is made to lead here. */
export function OwnAddressFields({ tunnel, values, problems, onChange }: FieldsProps) {
  const [proxy, setProxy] = useState<"caddy" | "nginx">("caddy");
  const { forwardTo } = tunnel;
  const example = proxyExamples(values.url.trim(), forwardTo)[proxy];
  return (
    <div className={classes.fields}>
      <TextInput
        name="url"
        label="Public address"
        description="As providers reach it, without a path."
        placeholder="https://hooks.example.com"
        required
        spellCheck={false}
        autoComplete="off"
        maxLength={MOST.url}
        value={values.url}
        error={problems.url}
        onChange={(event) => onChange({ url: event.currentTarget.value })}
      />
      <Group gap={4}>
        <Text size="sm">
          Let it forward to <Code fz={12}>{forwardTo}</Code>
        </Text>
        <CopyButton value={forwardTo} what="receiver's address" size={22} />
        <Text size="sm" c="dimmed">
          with the path and the headers as they came. The receiver is reached from this machine only.
        </Text>
      </Group>
      <SegmentedControl
        aria-label="Example for"
        data={[
          { value: "caddy", label: "Caddy" },
          { value: "nginx", label: "nginx" },
        ]}
        value={proxy}
        onChange={(value) => setProxy(value)}
        style={{ alignSelf: "flex-start" }}
      />
      <div className={classes.example}>
        <Code block aria-label={`Example for ${proxy}`}>
          {example}
        </Code>
        <CopyButton value={example} what={`example for ${proxy}`} />
      </div>
    </div>
  );
}
