import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef } from "react";
import { describeError } from "../../api/client";
import type { Endpoint } from "../../api/schema";
import { sentence } from "../../api/sentence";
import {
  endpointQuery,
  useCheckEndpoint,
  useCreateEndpoint,
  useMendEndpoint,
} from "../../shared/endpoint/queries";
import { endpointSentence, endpointState, isSupported } from "../../shared/endpoint/words";
import { type Action, useActions } from "../../shared/state/actions";
import type { Note } from "./useJobActions";

interface Ways {
  jobId: string;
  jobName: string;
  onNote: (note: Note) => void;
  /** Shows where the provider is set up: for what is missing for that. */
  onSetUp: () => void;
}

/** What can be done about the job's endpoint, for the command palette; nothing where there can be none. */
export function useEndpointActions({ jobId, jobName, onNote, onSetUp }: Ways): void {
  const { data: endpoint } = useQuery(endpointQuery(jobId));
  const create = useCreateEndpoint(jobId);
  const check = useCheckEndpoint(jobId);
  const mend = useMendEndpoint(jobId);

  const label = endpoint?.providerLabel ?? "the provider";
  const run = (mutation: typeof create, doing: string, failure: string) => {
    onNote({ tone: "busy", title: doing });
    mutation.mutate(undefined, {
      onSuccess: (answer) => onNote(endpointNote(answer)),
      onError: (error) => onNote({ tone: "bad", title: failure, ...describeError(error) }),
    });
  };
  const ways = {
    create: () =>
      endpoint?.obstacle
        ? onSetUp()
        : run(create, `The endpoint is being made at ${label}`, `It was not set up at ${label}`),
    check: () => run(check, `${label} is being asked`, `${label} could not be asked`),
    mend: () => run(mend, "The endpoint is being brought into line", "It was not brought into line"),
  };
  const present = useRef(ways);
  useEffect(() => {
    present.current = ways;
  });

  const offered = !endpoint
    ? "nothing"
    : endpoint.managed
      ? "managed"
      : isSupported(endpoint)
        ? "none"
        : "nothing";
  const actions = useMemo<Action[]>(() => {
    const action = (id: keyof typeof ways, text: string, keywords: string): Action => ({
      id: `job.endpoint.${id}`,
      label: text,
      group: jobName,
      keywords: `webhook endpoint provider ${keywords}`,
      run: () => present.current[id](),
    });
    switch (offered) {
      case "none":
        return [action("create", `Set up at ${label}`, "create connect")];
      case "managed":
        return [
          action("check", `Check the endpoint at ${label}`, "drift status"),
          action("mend", `Mend the endpoint at ${label}`, "bring into line repair fix"),
        ];
      case "nothing":
        return [];
    }
  }, [offered, jobName, label]);
  useActions(actions);
}

/** How the endpoint is after something was done about it. */
export function endpointNote(endpoint: Endpoint): Note {
  const { managed } = endpoint;
  if (!managed) return { tone: "idle", title: "There is no endpoint" };
  const { tone, word } = endpointState(managed);
  const wrong = managed.drift.map(({ message }) => message);
  return {
    tone,
    title: word,
    message: [endpointSentence(endpoint, managed), ...wrong].join(" "),
    hint: managed.trouble ? sentence(managed.trouble.message) : undefined,
  };
}
