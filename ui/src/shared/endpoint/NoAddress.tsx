import { Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { statusQuery } from "../../api/queries";
import { whyTunnel } from "../tunnel/state";
import { Callout } from "../ui/Callout";
import { ButtonLink } from "../ui/links";

/** That the provider has nowhere to send to, and where an address is to be had. */
export function NoAddress({ provider, words }: { provider: string; words: string }) {
  const { data: isOff } = useQuery({ ...statusQuery, select: ({ tunnel }) => tunnel.state === "off" });
  return (
    <Callout tone="wait" roomy role="note">
      <Text size="sm">
        {words} {isOff && whyTunnel(provider)}
      </Text>
      <div>
        <ButtonLink to="/settings/tunnel" variant={isOff ? "filled" : "default"}>
          {isOff ? "Connect a tunnel" : "Tunnel settings"}
        </ButtonLink>
      </div>
    </Callout>
  );
}
