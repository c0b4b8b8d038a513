import { useQuery } from "@tanstack/react-query";
import { statusQuery } from "../../api/queries";
import { platform } from "../../platform";
import { TUNNEL_KINDS, TUNNEL_TONES, TUNNEL_WORDS } from "../../shared/tunnel/state";
import { TextLink } from "../../shared/ui/links";
import { Failed, LoadingRows } from "../../shared/ui/States";
import { Status } from "../../shared/ui/Status";
import { PathValue } from "./PathValue";
import { SettingRow, SettingRows } from "./SettingRow";

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
          <>
            <Status tone={TUNNEL_TONES[tunnel.state]}>
              {tunnel.state === "off"
                ? "Only this machine can send webhooks here"
                : `${TUNNEL_KINDS[tunnel.kind]}: ${TUNNEL_WORDS[tunnel.state].toLowerCase()}`}
            </Status>
            <div>
              A tunnel gives this machine an address on the internet: providers send to it.{" "}
              <TextLink to="/settings/tunnel" inherit underline="always">
                {tunnel.state === "off" ? "Connect a tunnel" : "Tunnel settings"}
              </TextLink>
            </div>
          </>
        }
      >
        {tunnel.publicUrl && <PathValue value={tunnel.publicUrl} what="public address" />}
      </SettingRow>
    </SettingRows>
  );
}
