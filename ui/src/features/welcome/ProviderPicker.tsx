/** All providers, to be searched: typing and Enter is enough. */
import { Modal, Text, TextInput, UnstyledButton } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, useRef, useState } from "react";
import { providersQuery } from "../../api/queries";
import type { ProviderInfo } from "../../api/schema";
import { formatCount } from "../../shared/format/numbers";
import { ProviderMark } from "../../shared/provider/ProviderMark";
import { withGeneric } from "../../shared/provider/providers";
import { Failed, LoadingRows } from "../../shared/ui/States";
import classes from "./Welcome.module.css";

interface ProviderPickerProps {
  opened: boolean;
  onClose: () => void;
  onChoose: (kind: string) => void;
}

export function ProviderPicker({ opened, onClose, onChoose }: ProviderPickerProps) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title="Who sends the webhooks?"
      size="md"
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <Choices onChoose={onChoose} />
    </Modal>
  );
}

function Choices({ onChoose }: { onChoose: (kind: string) => void }) {
  const [query, setQuery] = useState("");
  const list = useRef<HTMLUListElement>(null);
  const { data, error, refetch } = useQuery(providersQuery);
  if (error && !data) {
    return <Failed title="The providers cannot be shown" error={error} onRetry={() => void refetch()} />;
  }
  if (!data) return <LoadingRows rows={6} />;
  const found = searchProviders(withGeneric(data), query);

  const buttons = () => [...(list.current?.querySelectorAll("button") ?? [])];
  const move = (event: KeyboardEvent, by: 1 | -1) => {
    const all = buttons();
    const at = all.indexOf(document.activeElement as HTMLButtonElement);
    all[Math.max(0, Math.min(all.length - 1, at + by))]?.focus();
    event.preventDefault();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown") move(event, 1);
    if (event.key === "ArrowUp") move(event, -1);
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the arrows move between the field and the buttons in here
    <div onKeyDown={onKeyDown}>
      <TextInput
        aria-label="Search providers"
        placeholder="Close, GitHub, Shopify…"
        leftSection={<IconSearch size={14} />}
        value={query}
        onChange={(event) => setQuery(event.currentTarget.value)}
        onKeyDown={(event) => {
          const [first] = found;
          if (event.key === "Enter" && first) onChoose(first.kind);
        }}
        data-autofocus
      />
      <ul ref={list} className={classes.providers} aria-label="Providers">
        {found.map(({ kind, label, knownTypes }) => (
          <li key={kind}>
            <UnstyledButton className={classes.provider} onClick={() => onChoose(kind)}>
              <ProviderMark kind={kind} label={label} />
              <Text span size="sm">
                {label}
              </Text>
              <Text span size="xs" c="dimmed">
                {describe(kind, knownTypes.length)}
              </Text>
            </UnstyledButton>
          </li>
        ))}
      </ul>
    </div>
  );
}

function describe(kind: string, types: number): string {
  if (kind === "generic") return "described by values";
  if (kind === "standard-webhooks") return "Svix, Clerk, Resend, OpenAI…";
  return `${formatCount(types)} known types`;
}

/** Those whose name or kind holds the words; whom nobody matches finds the one that takes any sender. */
export function searchProviders(providers: ProviderInfo[], query: string): ProviderInfo[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const found = providers.filter(({ kind, label }) => {
    const text =
      `${kind} ${label} ${kind === "standard-webhooks" ? "svix clerk resend openai" : ""}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  return found.length > 0 ? found : providers.filter(({ kind }) => kind === "generic");
}
