// Elementary functions over lanes, built only from operations that IEEE 754 rounds correctly, so that every device,
// every W and the C build give the same bits. Branch-free; no lane's result depends on its neighbours.
//
// NaN gives NaN (payload unspecified). Denormal arguments and results are honoured: nothing is flushed to zero.
// "Worst error" was measured over all 2^32 floats, denormal results included, against the C library in double; in units
// of the result's last place (ulp). Polynomials are our minimax fits of the relative error (Lawson's iteration),
// coefficients rounded to float one after another, lowest power first, with the rest refitted each time.

#define MATH_INF splat(as_float(0x7f800000u))
#define MATH_NAN splat(as_float(0x7fc00000u))
// Adding this to |v| < 2^22 rounds v to the nearest integer, which then stands in the low bits of the sum.
#define ROUND_SHIFT 12582912.0f  // 1.5 * 2^23
#define LOG2_E 1.44269504f
#define LN2_HI 0.693145752f     // 15 bits of ln 2, so that n * LN2_HI is exact for |n| < 512
#define LN2_LO 1.42860677e-6f   // ln 2 - LN2_HI

// p * x + c: one step of Horner's rule.
static inline vf horner(vf p, vf x, float c) { return fma(p, x, splat(c)); }
static inline vf sign_flipped(vf x, vu sign) { return bits_float(bits_uint(x) ^ sign); }
static inline vu sign_bit(vf x) { return bits_uint(x) & 0x80000000u; }

static inline vf relu(vf x) { return vmax(x, splat(0.0f)); }

// e^x. Overflows to infinity above 88.7228, underflows through denormals to 0 below -103.97.
// Worst error 0.90 ulp (at x = 26.7221527).
static inline vf exp_strict(vf x) {
    x = vclamp(x, -104.0f, 89.0f);
    const vf t = fma(x, splat(LOG2_E), splat(ROUND_SHIFT));
    const vf n = t - ROUND_SHIFT;
    const vf r = fma(n, splat(-LN2_LO), fma(n, splat(-LN2_HI), x));  // x - n ln 2, within +-0.3475
    vf p = splat(0.0013818742f);
    p = horner(p, r, 0.00836872123f);
    p = horner(p, r, 0.0416682921f);
    p = horner(p, r, 0.166665211f);
    p = horner(p, r, 0.49999994f);
    p = horner(p, r, 1.0f);
    p = horner(p, r, 1.0f);
    // 2^n in two factors, because n reaches 128 and -150: only the last product can round.
    const vi k = bits_int(t) - 0x4b400000;
    const vi half_k = k >> 1;
    return p * bits_float((half_k + 127) << 23) * bits_float((k - half_k + 127) << 23);
}

// e^x - 1. Worst error 1.29 ulp (at x = 33.0967674), 0.87 for x < 0 (at x = -0.517619193).
static inline vf expm1_strict(vf x) {
    const vf c = vclamp(x, -18.0f, 89.0f);
    // Rounded with a bias of a quarter towards zero, so that |x| < 0.52 keeps n = 0: otherwise x near 0.35 would
    // cancel.
    const vf bias = bits_float(sign_bit(x) | 0x3e800000u);  // 0.25 with the sign of x
    const vf t = fma(c, splat(LOG2_E), -bias) + (ROUND_SHIFT + 126.0f);
    const vf n = t - (ROUND_SHIFT + 126.0f);
    const vf r = fma(n, splat(-LN2_LO), fma(n, splat(-LN2_HI), c));  // within +-0.521
    vf p = splat(2.47624575e-05f);
    p = horner(p, r, 0.000199714166f);
    p = horner(p, r, 0.00138894131f);
    p = horner(p, r, 0.0083331624f);
    p = horner(p, r, 0.0416666605f);
    p = horner(p, r, 0.166666672f);
    p = horner(p, r, 0.5f);
    p = fma(r * r, p, r);                                       // e^r - 1
    const vf scale = bits_float(bits_uint(t) << 23);            // 2^(n-1)
    const vf y = fma(scale, p, scale - 0.5f);
    return select(y + y, x, fabs(x) < 2.98023224e-08f);         // below 2^-25 it is x itself, with the sign of a zero
}

// log(2^n (1 + f)) for f in [-1/4, 1/2].
static inline vf log_reduced(vf n, vf f) {
    vf p = splat(-0.045150131f);
    p = horner(p, f, 0.10472966f);
    p = horner(p, f, -0.131647125f);
    p = horner(p, f, 0.144779593f);
    p = horner(p, f, -0.166468844f);
    p = horner(p, f, 0.199908271f);
    p = horner(p, f, -0.250001073f);
    p = horner(p, f, 0.333334506f);
    p = horner(p, f, -0.5f);
    return fma(n, splat(LN2_HI), f + fma(f * f, p, n * LN2_LO));
}

// Natural logarithm. log(0) = -infinity, log(x < 0) = NaN. Worst error 0.92 ulp (at x = 0.739553094).
static inline vf log_strict(vf x) {
    const vi tiny = x < 1.17549435e-38f;                         // denormals; what else is here is replaced below
    const vf y = select(x, x * 33554432.0f, tiny);
    const vi top = bits_int(y) - 0x3f400000;                     // 3/4: y = 2^n m with m in [3/4, 3/2)
    const vf n = to_float(top >> 23) - select(splat(0.0f), splat(25.0f), tiny);
    const vf r = log_reduced(n, bits_float((top & 0x007fffff) + 0x3f400000) - 1.0f);
    const vf edge = select(MATH_NAN, -MATH_INF, x == 0.0f);
    return select(select(edge, r, x > 0.0f), x + x, !(x < MATH_INF));
}

// log(1 + x) for -1 < x < 2^126, with 64 log(2) more where `big`. The sign of a zero stays.
static inline vf log1p_inside(vf x, vi big) {
    const vi n = (bits_int(1.0f + x) - 0x3f400000) >> 23;        // 1 + x = 2^n (1 + f), f in about [-1/4, 1/2]
    const vf scale = bits_float(0x3f800000 - (n << 23));
    const vf f = fma(x, scale, scale - 1.0f);
    const vf r = log_reduced(to_float(n) + select(splat(0.0f), splat(64.0f), big), f);
    return bits_float(bits_uint(r) | sign_bit(x));
}

// log(1 + x). log1p(-1) = -infinity, log1p(x < -1) = NaN. Worst error 0.92 ulp (at x = 0.484809488).
static inline vf log1p_strict(vf x) {
    const vi big = x > 1.26765060e+30f;                          // 2^100
    const vf r = log1p_inside(select(x, x * 5.42101086e-20f, big), big);
    const vf edge = select(MATH_NAN, -MATH_INF, x == -1.0f);
    return select(select(edge, r, x > -1.0f), x + x, !(x < MATH_INF));
}

// tanh(x) = w / (2 - w) with w = 1 - e^(-2|x|): odd, never beyond +-1, and monotone over all floats.
// Worst error 1.96 ulp (at x = +-0.519323409).
static inline vf tanh_strict(vf x) {
    const vf a = vmin(fabs(x), splat(9.02f));
    // e^(-2a) = 2^n e^(-2r) with n <= 0, |r| <= 0.174. One float holds ln(2)/2 well enough: what it lacks is scaled by
    // 2^n.
    const vf t = fma(a, splat(-2.88539004f), splat(ROUND_SHIFT + 127.0f));
    const vf n = t - (ROUND_SHIFT + 127.0f);
    const vf r = fma(n, splat(0.346573591f), a);
    vf p = splat(-0.0887715667f);
    p = horner(p, r, 0.267726511f);
    p = horner(p, r, -0.666679025f);
    p = horner(p, r, 1.3333236f);
    p = horner(p, r, -1.99999988f);
    p = fma(r * r, p, r + r);                                    // 1 - e^(-2r)
    const vf scale = bits_float(bits_uint(t) << 23);             // 2^n
    const vf w = fma(scale, p, 1.0f - scale);
    const vf two_less_w = fma(-scale, p, 1.0f + scale);
    return bits_float(bits_uint(w / two_less_w) | sign_bit(x));
}

// 1 / (1 + e^-x). Worst error 1.50 ulp for x >= 0 (at x = 7.85921097), 2.41 for x < 0 (at x = -4.1572938).
static inline vf sigmoid_strict(vf x) {
    const vf e = exp_strict(-fabs(x));
    return select(splat(1.0f), e, x < 0.0f) / (1.0f + e);
}

// log(1 + e^x). Worst error 1.58 ulp for x >= 0 (at x = 0.383948177), 1.70 for x < 0 (at x = -1.27524233).
static inline vf softplus_strict(vf x) {
    return vmax(x, splat(0.0f)) + log1p_inside(exp_strict(-fabs(x)), splati(0));
}

// x for x > 0, e^x - 1 below (alpha = 1). Worst error 0.87 ulp (at x = -0.517619193).
static inline vf elu_strict(vf x) { return select(expm1_strict(x), x, x > 0.0f); }

// The derivative of elu at x, from y = elu(x).
static inline vf elu_slope_from_output(vf y) { return select(y + 1.0f, splat(1.0f), y > 0.0f); }

// The polynomials of sin r and cos r for |r| <= 0.79.
static inline void sincos_reduced(vf r, vf *s, vf *c) {
    const vf z = r * r;
    vf p = splat(-0.000195078814f);
    p = horner(p, z, 0.00833210628f);
    p = horner(p, z, -0.166666538f);
    *s = fma(r * z, p, r);
    vf q = splat(2.44314251e-05f);
    q = horner(q, z, -0.00138873048f);
    q = horner(q, z, 0.0416666456f);
    q = horner(q, z, -0.5f);
    *c = horner(q, z, 1.0f);
}

// A word of 2/pi's binary fraction, behind one word of zeros: words 0 to 7.
static inline vu two_over_pi_word(vi i) {
    vu w = splatu(0u);
    w = select(w, splatu(0xa2f9836eu), i == 1);
    w = select(w, splatu(0x4e441529u), i == 2);
    w = select(w, splatu(0xfc2757d1u), i == 3);
    w = select(w, splatu(0xf534ddc0u), i == 4);
    w = select(w, splatu(0xdb629599u), i == 5);
    w = select(w, splatu(0x3c439041u), i == 6);
    return select(w, splatu(0xfe5163abu), i == 7);
}

// x - n pi/2 for any finite x >= 2^-6, with n's low bits in *quadrant (Payne and Hanek 1983): the 24 bits of x times
// those 96 bits of 2/pi that matter modulo 4, in integers. It costs more than the rest of the sine, so it stands behind
// a branch that is taken when any lane needs it.
static inline vf reduced_by_bits(vf x, vi *quadrant) {
    const vu mantissa = (bits_uint(x) & 0x007fffffu) | 0x00800000u;
    const vi first = (bits_int(x) >> 23) - 120;                  // the first bit of 2/pi that matters, 0 at word 0
    const vi word = first >> 5;
    const vu shift = bits_uint(first & 31);
    const vu a = two_over_pi_word(word), b = two_over_pi_word(word + 1);
    const vu c = two_over_pi_word(word + 2), d = two_over_pi_word(word + 3);
    const vu high = (a << shift) | ((b >> 1) >> (31u - shift));
    const vu middle = (b << shift) | ((c >> 1) >> (31u - shift));
    const vu low = (c << shift) | ((d >> 1) >> (31u - shift));
    const vu carried = mul_hi(mantissa, low);
    const vu fine = mantissa * middle + carried;
    const vu carry = select(splatu(0u), splatu(1u), fine < carried);
    const vu turns = mantissa * high + mul_hi(mantissa, middle) + carry;  // in units of 2^-30 quadrants
    const vi n = bits_int(turns + 0x20000000u) >> 30;
    *quadrant = n;
    vi rest = bits_int(turns - (bits_uint(n) << 30));            // -2^29 to 2^29 - 1, then `fine` below it
    const vi negative = rest >> 31;                              // negated as ~: one unit of 2^-62 off
    rest = rest ^ negative;
    const vu below = fine ^ bits_uint(negative);
    const vf r0 = to_float(rest >> 6);                           // 23 bits
    const vf r1 = to_float(bits_int((bits_uint(rest & 63) << 18) | (below >> 14)));  // 24 more
    const vf r2 = to_float(bits_int(below & 0x3fffu));           // the last 14
    vf r = fma(r1, splat(5.58058975e-15f), r2 * 3.40612167e-19f);  // times pi/2, the smallest part first
    r = fma(r0, splat(-2.60540177e-15f), r);
    r = fma(r0, splat(9.36267597e-08f), r);
    return sign_flipped(r, bits_uint(negative) & 0x80000000u);
}

// Sine and cosine of any float. |x| <= 65536 is reduced by three parts of pi/2 (Cody and Waite 1980), the rest by its
// bits; infinities give NaN. Worst error of sin 1.56 ulp (at x = 4.94653131e+31; 1.54 for |x| <= 10^4), of cos 1.56 ulp
// (at x = 88899.4688; 1.54 for |x| <= 10^4).
static inline void sincos_strict(vf x, vf *s, vf *c) {
    const vf size = fabs(x);
    const vf t = fma(size, splat(0.636619747f), splat(ROUND_SHIFT));
    const vf n = t - ROUND_SHIFT;
    vi quadrant = bits_int(t);
    vf r = fma(n, splat(-1.57079637f), size);
    r = fma(n, splat(4.37113883e-08f), r);
    r = fma(n, splat(1.71512451e-15f), r);
    const vi large = !(size <= 65536.0f);
    if (any_lane(large)) {
        vi n_large;
        const vf r_large = reduced_by_bits(size, &n_large) + (x - x);  // NaN where x is not finite
        r = select(r, r_large, large);
        quadrant = select(quadrant, n_large, large);
    }
    vf sine, cosine;
    sincos_reduced(r, &sine, &cosine);
    const vi swap = (quadrant & 1) != 0;
    const vu q = bits_uint(quadrant);
    *s = sign_flipped(select(sine, cosine, swap), ((q & 2u) << 30) ^ sign_bit(x));
    *c = sign_flipped(select(cosine, sine, swap), ((q + 1u) & 2u) << 30);
}

static inline vf sin_strict(vf x) { vf s, c; sincos_strict(x, &s, &c); return s; }
static inline vf cos_strict(vf x) { vf s, c; sincos_strict(x, &s, &c); return c; }

// Sine and cosine of 2 pi u, for |u| <= 2^20 turns only; the reduction is exact. Worst error there 0.97 ulp of the
// sine, 0.88 ulp of the cosine.
static inline void sincos_turns_strict(vf u, vf *s, vf *c) {
    const vf t = fma(u, splat(4.0f), splat(ROUND_SHIFT));
    const vf f = fma(t - ROUND_SHIFT, splat(-0.25f), u);         // within +-1/8
    const vf z = f * f;
    vf p = splat(-75.427536f);
    p = horner(p, z, 81.5934296f);
    p = horner(p, z, -41.341671f);
    p = horner(p, z, -1.74845553e-07f);                          // 2 pi = 6.28318548 - 1.74845553e-07
    const vf sine = fma(f, splat(6.28318548f), f * p);
    vf q = splat(58.6202126f);
    q = horner(q, z, -85.4245148f);
    q = horner(q, z, 64.9391479f);
    q = horner(q, z, -19.7392082f);
    const vf cosine = horner(q, z, 1.0f);
    const vu quadrant = bits_uint(t);
    const vi swap = bits_int(quadrant & 1u) != 0;
    *s = sign_flipped(select(sine, cosine, swap), (quadrant & 2u) << 30);
    *c = sign_flipped(select(cosine, sine, swap), ((quadrant + 1u) & 2u) << 30);
}
