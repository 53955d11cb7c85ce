/** How many people answer each query of a comparison: the field `raters` of a form. */
export function RatersField({ raters }: { raters: number }) {
  return (
    <label className="labelled">
      People a query
      <input className="field short" name="raters" type="number" min={1} max={1000} defaultValue={raters} required />
    </label>
  );
}
