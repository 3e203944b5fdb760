// pair: numbers of about 46 bits, each the unevaluated sum of two floats with |lo| <= half an ulp of hi (Dekker 1971,
// Numer. Math. 18:224). For the few places where a float's 24 bits lose what a step amplifies. No kernels.
typedef struct { vf hi, lo; } pair;

static inline pair pair_of(vf hi, vf lo) { pair r; r.hi = hi; r.lo = lo; return r; }
static inline pair pair_sum_ordered(vf a, vf b) { const vf s = a + b; return pair_of(s, b - (s - a)); }  // |a| >= |b|
static inline pair pair_sum(vf a, vf b) {  // exact (Knuth)
    const vf s = a + b, b_part = s - a;
    return pair_of(s, (a - (s - b_part)) + (b - b_part));
}
static inline pair pair_product(vf a, vf b) { const vf p = a * b; return pair_of(p, fma(a, b, -p)); }      // exact

static inline pair pair_negate(pair a) { return pair_of(-a.hi, -a.lo); }
static inline pair pair_add(pair a, pair b) {  // within 2^-45 of the larger operand
    const pair high = pair_sum(a.hi, b.hi);
    return pair_sum_ordered(high.hi, high.lo + (a.lo + b.lo));
}
static inline pair pair_mul(pair a, pair b) {
    const pair p = pair_product(a.hi, b.hi);
    return pair_sum_ordered(p.hi, fma(a.hi, b.lo, fma(a.lo, b.hi, p.lo)));
}
static inline pair pair_scale(pair a, float hi, float lo) { return pair_mul(a, pair_of(splat(hi), splat(lo))); }
static inline pair pair_halve(pair a) { return pair_of(0.5f * a.hi, 0.5f * a.lo); }  // exact
static inline pair pair_div(pair a, pair b) {
    const vf q = a.hi / b.hi;
    return pair_sum_ordered(q, (fma(-q, b.hi, a.hi) + fma(-q, b.lo, a.lo)) / b.hi);
}
static inline pair pair_select(pair a, pair b, vi mask) {
    return pair_of(select(a.hi, b.hi, mask), select(a.lo, b.lo, mask));
}
static inline pair pair_flip(pair a, vu sign) { return pair_of(sign_flipped(a.hi, sign), sign_flipped(a.lo, sign)); }

// Sine and cosine within 7e-10 for |x| < 2^12: x less a multiple of pi/2, then Taylor's series, whose first terms are
// pairs.
static inline void pair_sincos(pair x, pair *s, pair *c) {
    const vf t = fma(x.hi, splat(0.636619772f), splat(ROUND_SHIFT));
    const vf n = t - ROUND_SHIFT;
    pair r = pair_add(x, pair_product(n, splat(-1.57079637f)));                // pi/2 in three parts
    r = pair_add(r, pair_product(n, splat(4.37113883e-08f)));
    r.lo = fma(n, splat(1.71512451e-15f), r.lo);
    const pair z = pair_mul(r, r);
    vf p = splat(-2.50521084e-08f);                                             // sin r = r - r z / 6 + r z^2 p
    p = horner(p, z.hi, 2.75573192e-06f);
    p = horner(p, z.hi, -1.98412698e-04f);
    p = horner(p, z.hi, 8.33333333e-03f);
    pair sine = pair_add(pair_scale(z, -0.166666672f, 4.96705343e-09f), pair_of(z.hi * z.hi * p, splat(0.0f)));
    sine = pair_add(r, pair_mul(r, sine));
    vf q = splat(2.08767570e-09f);                                              // cos r = 1 - z / 2 + z^2 / 24 + z^3 q
    q = horner(q, z.hi, -2.75573192e-07f);
    q = horner(q, z.hi, 2.48015873e-05f);
    q = horner(q, z.hi, -1.38888889e-03f);
    pair cosine = pair_add(pair_scale(z, 0.0416666679f, -1.24176336e-09f), pair_of(z.hi * z.hi * q, splat(0.0f)));
    cosine = pair_add(pair_of(splat(-0.5f), splat(0.0f)), cosine);
    cosine = pair_add(pair_of(splat(1.0f), splat(0.0f)), pair_mul(z, cosine));
    const vu quadrant = bits_uint(t);
    const vi swap = bits_int(quadrant & 1u) != 0;
    *s = pair_flip(pair_select(sine, cosine, swap), (quadrant & 2u) << 30);
    *c = pair_flip(pair_select(cosine, sine, swap), ((quadrant + 1u) & 2u) << 30);
}
