import { Switch, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { describeError } from "../../api/client";
import { platform } from "../../platform";
import { setPreference, usePreference } from "../../shared/state/preferences";
import { SettingRow, SettingRows } from "./SettingRow";

type Autostart = NonNullable<ReturnType<typeof platform>["autostart"]>;

export function StartupSection() {
  const { kind, autostart } = platform();
  if (kind === "browser") {
    return (
      <SettingRows>
        <SettingRow
          label="Start with the system"
          description="The desktop app can start with the system and stay in the tray. Started with `hookline serve`, Hookline receives as long as that command runs: let a service manager start it."
        />
      </SettingRows>
    );
  }
  return (
    <SettingRows>
      {autostart && <AutostartRow autostart={autostart} />}
      <KeepReceivingRow />
    </SettingRows>
  );
}

function AutostartRow({ autostart }: { autostart: Autostart }) {
  const client = useQueryClient();
  const queryKey = ["autostart"];
  const enabled = useQuery({ queryKey, queryFn: () => autostart.isEnabled() });
  const change = useMutation({
    mutationFn: (wanted: boolean) => autostart.set(wanted),
    // What the system says holds, whether the change worked or not.
    onSettled: () => client.invalidateQueries({ queryKey }),
  });
  const error = change.error ?? enabled.error;
  return (
    <SettingRow
      label="Start with the system"
      description={
        error ? (
          <Text size="xs" c="var(--hl-bad)" role="alert">
            {describeError(error).message}
          </Text>
        ) : (
          "Hookline starts in the tray when you log in: no webhook is missed after a restart."
        )
      }
    >
      <Switch
        aria-label="Start with the system"
        checked={change.isPending ? change.variables : (enabled.data ?? false)}
        disabled={enabled.data === undefined}
        onChange={(event) => change.mutate(event.currentTarget.checked)}
      />
    </SettingRow>
  );
}

function KeepReceivingRow() {
  const keep = usePreference("keepReceivingWhenClosed");
  return (
    <SettingRow
      label="Keep receiving when the window is closed"
      description={
        keep
          ? "Closing the window leaves Hookline in the tray. “Quit” ends it."
          : "Closing the window ends Hookline: webhooks are refused until it is started again."
      }
    >
      <Switch
        aria-label="Keep receiving when the window is closed"
        checked={keep}
        onChange={(event) => setPreference("keepReceivingWhenClosed", event.currentTarget.checked)}
      />
    </SettingRow>
  );
}
