const SECRET_NAME = /(KEY|KEYS|SECRET|PASSWORD|TOKEN)$/;
const SHORTEST_SECRET = 6;

/**
 * @param {Record<string, string | undefined>} settings
 * @returns {string[]} the values that must not be shown
 */
function secretValues(settings) {
  /** @type {string[]} */
  const values = [];
  for (const [name, value] of Object.entries(settings)) {
    if (value === undefined || !SECRET_NAME.test(name)) continue;
    values.push(...value.split(','), value);
  }
  const secrets = values.map((value) => value.trim()).filter((value) => value.length >= SHORTEST_SECRET);
  // Longest first, so that a secret containing another one is hidden whole.
  secrets.sort((a, b) => b.length - a.length);
  return secrets;
}

/**
 * @param {...Record<string, string | undefined>} sources Settings and generated secrets.
 * @returns {(text: string) => string} hides those values, and the credentials inside any URL
 */
export function createRedactor(...sources) {
  const values = sources.flatMap(secretValues);
  return (text) => {
    let safe = text.replace(/(\w+:\/\/)[^\s/@]*:[^\s/@]*@/g, '$1***@');
    for (const value of values) safe = safe.replaceAll(value, '***');
    return safe;
  };
}
