import { Code } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { statusQuery } from "../../api/queries";
import { platform } from "../../platform";
import { Failed, LoadingRows } from "../../shared/ui/States";
import { Status } from "../../shared/ui/Status";
import { PathValue } from "./PathValue";
import { SettingRow, SettingRows } from "./SettingRow";
import classes from "./Settings.module.css";

export function ReceivingSection() {
  const status = useQuery(statusQuery);
  if (status.isPending) return <LoadingRows rows={3} />;
  if (status.isLoadingError) {
    return <Failed title="The addresses could not be read" error={status.error} onRetry={status.refetch} />;
  }
  const { receiver, tunnel } = status.data;
  return (
    <SettingRows>
      <SettingRow
        label="Receiver"
        description={
          <Status tone={receiver.listening ? "ok" : "bad"}>
            {receiver.listening ? "Listening" : "Nothing listens here"}
          </Status>
        }
      >
        <PathValue value={receiver.url} what="receiver's address" />
      </SettingRow>
      {platform().kind === "browser" && (
        <SettingRow label="Control API" description="Loopback only, and only with the token.">
          <PathValue value={location.origin} what="control API's address" />
        </SettingRow>
      )}
      <SettingRow
        label="Public address"
        description={
          tunnel.publicUrl ? (
            "Something that you run forwards from here to the receiver; Hookline does not watch it."
          ) : (
            <Status tone="idle">Only this machine can send webhooks here</Status>
          )
        }
      >
        {tunnel.publicUrl && <PathValue value={tunnel.publicUrl} what="public address" />}
      </SettingRow>
      <SettingRow
        label="Change the public address"
        description={
          <>
            Let a tunnel or a reverse proxy forward a public address to the receiver, then start Hookline with{" "}
            <Code className={classes.code}>--public-url https://hooks.example.com</Code>, or put{" "}
            <Code className={classes.code}>public_url = "https://hooks.example.com"</Code> into{" "}
            <Code>config.toml</Code> in the data folder and start it anew. The webhook URLs of all sync jobs
            then begin with it.
          </>
        }
      />
    </SettingRows>
  );
}
