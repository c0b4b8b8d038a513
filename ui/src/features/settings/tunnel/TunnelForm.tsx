import { Button, Group, Stack, Text } from "@mantine/core";
import { type FormEvent, useRef, useState } from "react";
import { ApiError, describeError } from "../../../api/client";
import type { TunnelAnswer, TunnelState } from "../../../api/schema";
import { useUpdateTunnel } from "../../../shared/tunnel/mutations";
import { Problem } from "../../../shared/ui/Problem";
import { Status } from "../../../shared/ui/Status";
import { KindCards } from "./KindCards";
import { NgrokFields } from "./NgrokFields";
import { OwnAddressFields } from "./OwnAddressFields";
import { ProgramNote } from "./ProgramNote";
import classes from "./Tunnel.module.css";
import { fieldOf, programOf, requestOf, type TunnelValues, validateTunnel, valuesOf } from "./values";

/** What the fields of a kind are given. */
export interface FieldsProps {
  tunnel: TunnelAnswer;
  values: TunnelValues;
  /** What is wrong, by field. */
  problems: Partial<Record<string, string>>;
  onChange: (change: Partial<TunnelValues>) => void;
}

/** Which tunnel is wanted, and what it needs. */
export function TunnelForm({ tunnel }: { tunnel: TunnelAnswer }) {
  const { settings } = tunnel;
  const element = useRef<HTMLFormElement>(null);
  // Only what differs from what is kept: that may change meanwhile, by the command line or by another window.
  const [draft, setDraft] = useState<Partial<TunnelValues>>({});
  const [tried, setTried] = useState(false);
  const update = useUpdateTunnel();
  const values: TunnelValues = { ...valuesOf(settings), ...draft };
  const refused = update.error instanceof ApiError ? update.error : null;
  const field = fieldOf(refused?.field, values.kind);
  const problems = {
    ...(refused && field ? { [field]: describeError(refused).message } : {}),
    ...(tried ? validateTunnel(values, settings) : {}),
  };

  const change = (changed: Partial<TunnelValues>) => {
    setDraft((now) => ({ ...now, ...changed }));
    // Of another kind nothing was tried yet.
    if (changed.kind !== undefined) setTried(false);
    if (!update.isIdle && !update.isPending) update.reset();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (update.isPending) return;
    setTried(true);
    if (Object.keys(validateTunnel(values, settings)).length > 0) {
      update.reset();
      focusProblem(element.current);
      return;
    }
    update.mutate(requestOf(values, settings), {
      onSuccess: () => {
        setDraft({});
        setTried(false);
      },
      onError: () => focusProblem(element.current),
    });
  };

  const fields: FieldsProps = { tunnel, values, problems, onChange: change };
  const program = programOf(values.kind, tunnel);
  return (
    <form ref={element} className={classes.card} aria-label="Tunnel" noValidate onSubmit={submit}>
      <KindCards tunnel={tunnel} kind={values.kind} onChange={(kind) => change({ kind })} />
      {values.kind === "ngrok" && <NgrokFields {...fields} />}
      {values.kind === "own-url" && <OwnAddressFields {...fields} />}
      {program && <ProgramNote {...program} />}
      <Stack gap="xs">
        <Group gap="xs">
          <Button type="submit" loading={update.isPending}>
            {values.kind === "none" ? "Use no tunnel" : "Save and connect"}
          </Button>
          {values.kind !== settings.kind && (
            <Button variant="default" onClick={() => change({ kind: settings.kind })}>
              Cancel
            </Button>
          )}
        </Group>
        <div aria-live="polite">
          {update.isSuccess && (
            <Status tone="ok">{savedWords(update.data.settings.on, tunnel.status.state)}</Status>
          )}
        </div>
        {update.error && !field && <Problem title="Nothing was changed" {...describeError(update.error)} />}
      </Stack>
      {values.kind !== "none" && (
        <Text size="xs" c="dimmed">
          The tunnel leads to the receiver of webhooks and to nothing else on this machine. The webhook URLs
          of all sync jobs begin with its address: when that changes, put the new URLs in at the providers.
        </Text>
      )}
    </form>
  );
}

function savedWords(on: boolean, state: TunnelState): string {
  if (!on) return "Saved; there is no tunnel";
  return state === "connecting" ? "Saved; it is being connected" : "Saved";
}

/** Takes the keyboard to the first field that is wrong, once that is on the screen. */
function focusProblem(form: HTMLFormElement | null): void {
  requestAnimationFrame(() => form?.querySelector<HTMLElement>("[aria-invalid='true']")?.focus());
}
