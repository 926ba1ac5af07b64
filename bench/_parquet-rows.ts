const CITIES = ["Berlin", "Paris", "Madrid", "Rome", "Vienna"];
const START_MS = Date.UTC(2025, 0, 1);

/** A row of ten columns: 64 and 32 bits, a double, a nullable number, three texts (one null in three, one of five values), a moment, a boolean, JSON as text. */
export function mixedRow(index: number): object {
  return {
    id: 9_007_199_254_740_993n + BigInt(index),
    count: index % 1000,
    amount: index * 0.37,
    discount: index % 4 === 0 ? null : index % 50,
    name: `customer ${index}`,
    note: index % 3 === 0 ? null : `note number ${index % 977} of the day`,
    city: CITIES[index % 5],
    at: new Date(START_MS + index * 977),
    ok: index % 3 === 0,
    payload: `{"a": ${index}, "b": [1, 2, 3], "c": {"d": "x"}}`,
  };
}
