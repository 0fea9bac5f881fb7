import type { ChatMessage } from '@eloquence/shared/contracts/chat';

/** The words of a message, whichever form they have; '' for none. */
export function textOf(content: ChatMessage['content']): string {
  if (content == null) return '';
  return typeof content === 'string' ? content : content.map((part) => part.text).join('');
}

/** What is said for a person who has said nothing yet, to models that answer only a person. */
export const NOBODY_SPOKE = '.';
