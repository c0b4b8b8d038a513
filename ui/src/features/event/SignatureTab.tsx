import { Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import type { EventDetail } from "../../api/schema";
import { formatAbsolute } from "../../shared/format/times";
import { Prose } from "../../shared/ui/Prose";
import { Status } from "../../shared/ui/Status";
import { headerValue } from "./body";
import { isHiddenSecret } from "./curl";
import classes from "./Event.module.css";
import { Fact } from "./Fact";
import { ageWords, matchWords, signatureStatus } from "./signature";

export function SignatureTab({ event }: { event: EventDetail }) {
  const { signature } = event;
  const { tone, word } = signatureStatus(signature);
  const value = signature.header ? headerValue(event, signature.header.toLowerCase()) : undefined;
  return (
    <Stack gap="xs">
      <Status tone={tone}>{word}</Status>
      <Text size="sm">{signature.explanation}</Text>
      <Answer question="How this provider signs" answer={<Prose>{signature.scheme}</Prose>} />
      <Answer question="Age" answer={ageWords(signature)} />
      <Answer question="Does it fit the secret of today?" answer={matchWords(signature)} />
      <dl className={classes.facts} data-single>
        {signature.header && (
          <Fact label="Header" mono copied={signature.header}>
            {signature.header}
          </Fact>
        )}
        {value && (
          <Fact label="Value" mono copied={isHiddenSecret(value) ? undefined : value}>
            {value}
          </Fact>
        )}
        {signature.timestamp && (
          <Fact label="Signed at" copied={signature.timestamp}>
            {formatAbsolute(signature.timestamp)}
          </Fact>
        )}
        <Fact label="Received" copied={event.receivedAt}>
          {formatAbsolute(event.receivedAt)}
        </Fact>
      </dl>
    </Stack>
  );
}

function Answer({ question, answer }: { question: string; answer: ReactNode }) {
  return (
    <div>
      <Text size="xs" c="dimmed">
        {question}
      </Text>
      <Text size="sm" style={{ overflowWrap: "anywhere" }}>
        {answer}
      </Text>
    </div>
  );
}
