/** In turn: days have 23 and 25 hours in both, and in the second the clock goes forward from midnight, and back over it. */
export const TIME_ZONES = ['Europe/Berlin', 'America/Havana'] as const;
