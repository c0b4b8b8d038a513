import { describeError } from "../../api/client";
import type { CheckAnswer } from "../../api/schema";
import { sentence } from "../../api/sentence";

/** Why a connection does not work, or could not be checked; undefined when it works, or is not known yet. */
export function checkProblem(
  answer: CheckAnswer | undefined,
  error: Error | null,
): { message: string; hint: string | undefined } | undefined {
  if (answer?.ok) return undefined;
  if (!answer) return error ? describeError(error) : undefined;
  const { message = "it does not say why", hint } = answer.error ?? {};
  return { message: sentence(message), hint: hint ?? undefined };
}
