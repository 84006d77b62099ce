/** How a server in each language begins to say how long something took (its message catalogues, `duration: %s ms`). */
const DURATIONS: Readonly<Record<string, string>> = {
  Dauer: 'German',
  durée: 'French',
  duración: 'Spanish',
  duração: 'Portuguese',
  durata: 'Italian',
  varaktighet: 'Swedish',
  продолжительность: 'Russian',
  тривалість: 'Ukrainian',
  ხანგრძლივობა: 'Georgian',
  期間: 'Japanese',
  执行时间: 'Chinese',
  실행시간: 'Korean',
  수행시간: 'Korean',
};

/** `LOG` in the languages that do not say so. */
export const OTHER_LOGS = 'LOGG|СООБЩЕНИЕ|ЗАПИСУВАННЯ|ჟურნალი|日志|로그';

/** The language of a message that tells a duration, where it is not English; null for all else. */
export function languageOf(message: string): string | null {
  const word = /^(\p{L}+) ?:? \d+\.\d/u.exec(message)?.[1];
  if (word === undefined || word === 'duration') return null;
  return DURATIONS[word] ?? 'another language than English';
}
