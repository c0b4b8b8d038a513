import { Button, Text } from "@mantine/core";
import { IconTool } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { describeError } from "../../api/client";
import { sentence } from "../../api/sentence";
import { endpointQuery, useMendEndpoint } from "../../shared/endpoint/queries";
import { endpointState, isHarmed } from "../../shared/endpoint/words";
import { Linked } from "../../shared/ui/Linked";
import { ButtonLink } from "../../shared/ui/links";
import { Problem } from "../../shared/ui/Problem";
import { Status } from "../../shared/ui/Status";
import classes from "./OverviewTab.module.css";

/** Above the numbers: events do not arrive because the endpoint at the provider is not as it should be. */
export function EndpointWarning({ jobId }: { jobId: string }) {
  const { data: endpoint } = useQuery(endpointQuery(jobId));
  const mend = useMendEndpoint(jobId);
  const managed = endpoint?.managed;
  if (!managed) return null;
  const { drift, trouble, status } = managed;
  // What is being tried again by itself is no warning yet; what is refused is.
  if (!isHarmed(managed) && (!trouble || trouble.retrying)) return null;
  const { tone, word } = endpointState(managed);
  const worst = drift.find(({ harmful }) => harmful);
  return (
    <section className={classes.hint} data-tone={tone} aria-label="Endpoint">
      <div className={classes.hintWords}>
        <Status tone={tone}>{word}</Status>
        <Text size="sm" component="div">
          The endpoint at {endpoint.providerLabel} is not as it should be.{" "}
          <Linked>{worst?.message ?? sentence(trouble?.message ?? "")}</Linked>
        </Text>
        {mend.isError && <Problem title="It was not brought into line" {...describeError(mend.error)} />}
      </div>
      <Button leftSection={<IconTool size={14} />} loading={mend.isPending} onClick={() => mend.mutate()}>
        {status === "creating" ? "Try again now" : "Bring it into line"}
      </Button>
      <ButtonLink to="/transfers/$jobId" params={{ jobId }} search={{ tab: "settings" }} variant="default">
        Show the endpoint
      </ButtonLink>
    </section>
  );
}
