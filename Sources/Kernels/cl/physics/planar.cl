// planar: rigid bodies that move in one plane, on slides and hinges, W environments at once. See physics.cl.
//
// The plane's axes are x (first) and z (second); angles turn x towards z. There is one link per joint (one dof each),
// with its origin at the joint's anchor. Everything about a link is relative to its own origin in world axes: o is the
// hinge whose frame its constants are in, -1 where that is the world's. Moving a force, an inertia or a contact from
// link to parent takes r = origin - parent's origin; this is the composite-rigid-body and recursive Newton-Euler
// arithmetic (Featherstone 2008, chapters 5 and 6) without the detour over the tree's centre of mass, which costs
// float32 digits.
//
// Contacts with the floor need no Jacobian: their acceleration is that of the link's field at a point, their force goes
// to the link, and J^T D J is a symmetric 3x3 "contact inertia" that is summed up the tree, so that M and H have one
// sparsity and L^T D L factors both without fill-in. Contacts between links keep their row, which ends where the two
// paths meet.
typedef struct {
    vf q[MODEL_NV], v[MODEL_NV], control[MODEL_NU];
    vf c[MODEL_NV], s[MODEL_NV], angle[MODEL_NV];              // of each hinge's frame
    vf x[MODEL_NV], z[MODEL_NV], rx[MODEL_NV], rz[MODEL_NV];   // origin; origin - parent's origin, m
    vf omega[MODEL_NV], vx[MODEL_NV], vz[MODEL_NV];            // rad/s, of the link; of its origin, m/s
    vf tau[MODEL_NV], a[MODEL_NV];                             // passive - bias + actuator; acceleration
    // Lower triangles; only ancestors' columns are used.
    vf M[MODEL_NV][MODEL_NV], H[MODEL_NV][MODEL_NV], inverse[MODEL_NV];
    vf step[MODEL_NV];
    vf limit_sign[MODEL_LIMIT_COUNT + 1], limit_D[MODEL_LIMIT_COUNT + 1], limit_aref[MODEL_LIMIT_COUNT + 1],
        limit_u[MODEL_LIMIT_COUNT + 1];
    vi limit_on[MODEL_LIMIT_COUNT + 1];                        // which rows gave the current a, as bits
    vf px[MODEL_FLOOR_COUNT + 1], pz[MODEL_FLOOR_COUNT + 1];   // contact point - link's origin
    vf friction[MODEL_FLOOR_COUNT + 1], contact_D[MODEL_FLOOR_COUNT + 1], aref_n[MODEL_FLOOR_COUNT + 1],
        aref_t[MODEL_FLOOR_COUNT + 1];
    vf u_n[MODEL_FLOOR_COUNT + 1], u_t[MODEL_FLOOR_COUNT + 1];
    vi exists[MODEL_FLOOR_COUNT + 1], contact_on[MODEL_FLOOR_COUNT + 1];
#if MODEL_TERRAIN
    vf nx[MODEL_FLOOR_COUNT + 1], nz[MODEL_FLOOR_COUNT + 1];   // normal of the ground
    vf phase[3], start_x;                                      // turns; what was travelled before this step, m
#endif
    vf row[2 * MODEL_MOVING_COUNT + 1][MODEL_NV], row_D[2 * MODEL_MOVING_COUNT + 1],
        row_aref[2 * MODEL_MOVING_COUNT + 1];
    vf row_u[2 * MODEL_MOVING_COUNT + 1];
    vi row_exists[2 * MODEL_MOVING_COUNT + 1], row_on[2 * MODEL_MOVING_COUNT + 1];
    vi limits_near, floor_near, rows_near;                     // lanes with any row of the kind
} MODEL(work);
#define WORK MODEL(work)

// (x, z) of a constant vector in the frame of hinge o.
ALWAYS_INLINE void MODEL(turned)(const WORK *w, int o, float x, float z, vf *wx, vf *wz) {
    if (o < 0) {
        *wx = splat(x);
        *wz = splat(z);
        return;
    }
    *wx = weighted(x, w->c[o], -z, w->s[o]);
    *wz = weighted(x, w->s[o], z, w->c[o]);
}

// Frames, origins and velocities down the tree.
ALWAYS_INLINE void MODEL(place_link)(WORK *w, int d, int p, int o, int type, float sign, float ox, float oz, float ux,
                                     float uz, float q0) {
    vf rx, rz;
    MODEL(turned)(w, o, ox, oz, &rx, &rz);
    vf vx = splat(0.0f), vz = splat(0.0f);
    if (type == SLIDE) {
        vf dx, dz;
        MODEL(turned)(w, o, ux, uz, &dx, &dz);
        if (o < 0) {
            rx = add_scaled(ux, w->q[d], rx);
            rz = add_scaled(uz, w->q[d], rz);
            vx = add_scaled(ux, w->v[d], vx);
            vz = add_scaled(uz, w->v[d], vz);
        } else {
            rx = fma(dx, w->q[d], rx);
            rz = fma(dz, w->q[d], rz);
            vx = dx * w->v[d];
            vz = dz * w->v[d];
        }
    } else {
        const vf turn = sign * (q0 == 0.0f ? w->q[d] : w->q[d] - q0);
        w->angle[d] = o < 0 ? turn : w->angle[o] + turn;
        sincos_angle(w->angle[d], &w->s[d], &w->c[d]);
        w->omega[d] = o < 0 ? sign * w->v[d] : fma(splat(sign), w->v[d], w->omega[o]);
    }
    if (o >= 0) {
        vx = fma(-w->omega[o], rz, vx);
        vz = fma(w->omega[o], rx, vz);
    }
    w->rx[d] = rx;
    w->rz[d] = rz;
    w->x[d] = p < 0 ? rx : w->x[p] + rx;
    w->z[d] = p < 0 ? rz : w->z[p] + rz;
    w->vx[d] = p < 0 ? vx : w->vx[p] + vx;
    w->vz[d] = p < 0 ? vz : w->vz[p] + vz;
}
PHASE void MODEL(kinematics)(WORK *w) {
#define LINK(d, p, o, type, sign, ox, oz, ux, uz, q0) MODEL(place_link)(w, d, p, o, type, sign, ox, oz, ux, uz, q0);
    MODEL_LINKS(LINK)
#undef LINK
}

// One walk from a dof's force (n about its own link's origin, f) to the root: a column of M or H. The two macros are
// the lines of MODEL_ANCESTORS; `entry` is where an element is put, START_FORCE sets n, fx and fz.
#define WALK_STEP(A, d, child, j, type_j, sign_j, o_j, ux_j, uz_j)                                                \
    n = fma(w->rx[child], fz, fma(-w->rz[child], fx, n));                                                         \
    if (type_j == HINGE) A[d][j] = A[d][j] + sign_j * n;                                                          \
    else {                                                                                                       \
        vf dx, dz;                                                                                               \
        MODEL(turned)(w, o_j, ux_j, uz_j, &dx, &dz);                                                              \
        A[d][j] = A[d][j] + (o_j < 0 ? weighted(ux_j, fx, uz_j, fz) : fma(dx, fx, dz * fz));                      \
    }

// M by composite rigid bodies: inertia J about the link's origin and first moment (hx, hz) = mass x (centre - origin).
PHASE void MODEL(inertia)(WORK *w) {
    vf J[MODEL_NV], hx[MODEL_NV], hz[MODEL_NV];
    UNROLL for (int d = 0; d < MODEL_NV; ++d) J[d] = hx[d] = hz[d] = splat(0.0f);
#define MASS(d, o, m, cx, cz, about_origin)                                                                       \
    MODEL(turned)(w, o, m * cx, m * cz, &hx[d], &hz[d]);                                                          \
    J[d] = splat(about_origin);
    MODEL_MASSES(MASS)
#undef MASS
    // J about the parent's origin: + 2 r.h + m r^2, in that order of trust.
#define UP(d, p, m)                                                                                               \
    if (m != 0.0f) {                                                                                             \
        const vf sx = fma(splat(m), w->rx[d], hx[d]), sz = fma(splat(m), w->rz[d], hz[d]);                        \
        J[p] = J[p] + fma(w->rx[d], hx[d] + sx, fma(w->rz[d], hz[d] + sz, J[d]));                                 \
        hx[p] = hx[p] + sx;                                                                                      \
        hz[p] = hz[p] + sz;                                                                                      \
    }
    MODEL_UP(UP)
#undef UP
#define START(d, type, sign, o, ux, uz, m, armature)                                                              \
    {                                                                                                            \
        vf n, fx, fz;                                                                                            \
        if (type == HINGE) {                                                                                     \
            w->M[d][d] = armature == 0.0f ? J[d] : J[d] + armature;                                               \
            n = sign * J[d];                                                                                     \
            fx = -sign * hz[d];                                                                                  \
            fz = sign * hx[d];                                                                                   \
        } else {                                                                                                 \
            MODEL(turned)(w, o, ux, uz, &fx, &fz);                                                                \
            n = o < 0 ? weighted(uz, hx[d], -ux, hz[d]) : fma(hx[d], fz, -(hz[d] * fx));                          \
            fx = m * fx;                                                                                         \
            fz = m * fz;                                                                                         \
            w->M[d][d] = splat(m + armature);                                                                    \
        }
#define STEP(d, child, j, type_j, sign_j, o_j, ux_j, uz_j)                                                        \
        w->M[d][j] = splat(0.0f);                                                                                \
        WALK_STEP(w->M, d, child, j, type_j, sign_j, o_j, ux_j, uz_j)
#define END }
    MODEL_ANCESTORS(START, STEP, END)
#undef START
#undef STEP
#undef END
}

// tau = passive - bias + actuator. The bias is recursive Newton-Euler at zero acceleration, gravity as the world's own.
PHASE void MODEL(forces)(WORK *w) {
    vf ax[MODEL_NV], az[MODEL_NV], n[MODEL_NV], fx[MODEL_NV], fz[MODEL_NV];
#define LINK(d, p, o, type, sign, ox, oz, ux, uz, q0)                                                             \
    ax[d] = p < 0 ? splat(-(MODEL_GRAVITY_X)) : ax[p];                                                            \
    az[d] = p < 0 ? splat(-(MODEL_GRAVITY_Z)) : az[p];                                                            \
    if (o >= 0) {                                                                                                \
        const vf square = w->omega[o] * w->omega[o];                                                             \
        ax[d] = fma(-square, w->rx[d], ax[d]);                                                                   \
        az[d] = fma(-square, w->rz[d], az[d]);                                                                   \
        if (type == SLIDE) {                                                                                     \
            vf dx, dz;                                                                                           \
            MODEL(turned)(w, o, ux, uz, &dx, &dz);                                                                \
            const vf coriolis = 2.0f * w->omega[o] * w->v[d];                                                     \
            ax[d] = fma(-coriolis, dz, ax[d]);                                                                   \
            az[d] = fma(coriolis, dx, az[d]);                                                                    \
        }                                                                                                        \
    }                                                                                                            \
    n[d] = fx[d] = fz[d] = splat(0.0f);
    MODEL_LINKS(LINK)
#undef LINK
#define MASS(d, o, m, cx, cz, about_origin)                                                                       \
    {                                                                                                            \
        vf rx, rz;                                                                                               \
        MODEL(turned)(w, o, cx, cz, &rx, &rz);                                                                    \
        fx[d] = m * ax[d];                                                                                       \
        fz[d] = m * az[d];                                                                                       \
        if (o >= 0 && (cx != 0.0f || cz != 0.0f)) {                                                              \
            const vf pull = m * (w->omega[o] * w->omega[o]);                                                      \
            fx[d] = fma(-pull, rx, fx[d]);                                                                       \
            fz[d] = fma(-pull, rz, fz[d]);                                                                       \
        }                                                                                                        \
        if (cx != 0.0f || cz != 0.0f) n[d] = fma(rx, fz[d], -(rz * fx[d]));                                       \
    }
    MODEL_MASSES(MASS)
#undef MASS
    // A fluid resists a body as it would its box of equal inertia, along the body's principal axes (first at (ca, sa)).
#define FLUID(d, o, cx, cz, ca, sa, linear_1, square_1, linear_2, square_2, linear_turn, square_turn)             \
    {                                                                                                            \
        vf rx, rz, ex, ez;                                                                                       \
        MODEL(turned)(w, o, cx, cz, &rx, &rz);                                                                    \
        MODEL(turned)(w, o, ca, sa, &ex, &ez);                                                                    \
        const vf turn = o < 0 ? splat(0.0f) : w->omega[o];                                                       \
        const vf vx = fma(-turn, rz, w->vx[d]), vz = fma(turn, rx, w->vz[d]);                                     \
        const vf v1 = fma(ex, vx, ez * vz), v2 = fma(ex, vz, -(ez * vx));                                         \
        const vf f1 = v1 * fma(splat(square_1), fabs(v1), splat(linear_1));                                       \
        const vf f2 = v2 * fma(splat(square_2), fabs(v2), splat(linear_2));                                       \
        const vf gx = fma(ex, f1, -(ez * f2)), gz = fma(ez, f1, ex * f2);                                         \
        fx[d] = fx[d] + gx;                                                                                      \
        fz[d] = fz[d] + gz;                                                                                      \
        n[d] = n[d] + fma(rx, gz, fma(-rz, gx, turn * fma(splat(square_turn), fabs(turn), splat(linear_turn))));  \
    }
    MODEL_FLUIDS(FLUID)
#undef FLUID
#define UP(d, p, m)                                                                                               \
    n[p] = n[p] + fma(w->rx[d], fz[d], fma(-w->rz[d], fx[d], n[d]));                                              \
    fx[p] = fx[p] + fx[d];                                                                                       \
    fz[p] = fz[p] + fz[d];
    MODEL_UP(UP)
#undef UP
#define DOF(d, type, sign, o, ux, uz, damping, stiffness, rest)                                                   \
    {                                                                                                            \
        vf bias = sign * n[d];                                                                                   \
        if (type == SLIDE) {                                                                                     \
            vf dx, dz;                                                                                           \
            MODEL(turned)(w, o, ux, uz, &dx, &dz);                                                                \
            bias = o < 0 ? weighted(ux, fx[d], uz, fz[d]) : fma(dx, fx[d], dz * fz[d]);                           \
        }                                                                                                        \
        w->tau[d] = -bias;                                                                                       \
        if (damping != 0.0f) w->tau[d] = fma(splat(-(damping)), w->v[d], w->tau[d]);                              \
        if (stiffness != 0.0f) \
            w->tau[d] = fma(splat(-(stiffness)), rest == 0.0f ? w->q[d] : w->q[d] - rest, w->tau[d]); \
    }
    MODEL_DOFS(DOF)
#undef DOF
#define ACTUATOR(i, d, gear, low, high) w->tau[d] = fma(splat(gear), vclamp(w->control[i], low, high), w->tau[d]);
    MODEL_ACTUATORS(ACTUATOR)
#undef ACTUATOR
}

#if MODEL_TERRAIN
// Height and slope of the ground at x: three waves of 8, 4 and 2 m, flat at the start.
ALWAYS_INLINE void MODEL(ground)(const WORK *w, vf x, float height, vf *h, vf *slope) {
    vf sum = splat(0.0f), rise = splat(0.0f);
    UNROLL for (int i = 0; i < 3; ++i) {
        const float waves = i == 0 ? 0.125f : i == 1 ? 0.25f : 0.5f;
        const float weight = i == 0 ? 0.571428571f : i == 1 ? 0.285714286f : 0.142857143f;
        vf s, c;
        const vf turns = fma(x, splat(waves), w->phase[i]);
        sincos_turns_strict(turns - rint(turns), &s, &c);
        sum = fma(splat(weight), s, sum);
        rise = fma(splat(weight * waves * 6.28318531f), c, rise);
    }
    // Times x^2 / (4 + x^2), so that a robot starts on level ground.
    const vf square = x * x, below = 1.0f / (4.0f + square), ramp = square * below;
    *h = height * (ramp * sum);
    *slope = height * fma(ramp, rise, 8.0f * x * (below * below) * sum);
}
#endif

// What touches: D and aref of every row (soft constraints: Todorov 2014, ICRA), 0 in lanes without it.
PHASE void MODEL(detect)(WORK *w, __global const float *settings_in) {
    vi near = splati(0);
#define LIMIT(k, d, low, high, margin, weight, stiff, damp, d0, dw, width, mid, power)                            \
    {                                                                                                            \
        const vf below = w->q[d] - low, above = high - w->q[d];                                                   \
        const vi upper = above < below;                                                                          \
        const vf distance = select(below, above, upper), sign = select(splat(1.0f), splat(-1.0f), upper);         \
        const vi on = distance < margin;                                                                         \
        const vf excess = margin == 0.0f ? distance : distance - margin;                                         \
        const vf hard = impedance(excess, d0, dw, width, mid, power);                                            \
        w->limit_u[k] = splat(0.0f);                                                                             \
        w->limit_sign[k] = sign;                                                                                 \
        w->limit_D[k] = select(splat(0.0f), hard / ((1.0f - hard) * weight), on);                                 \
        w->limit_aref[k] = fma(splat(-(damp)), sign * w->v[d], -stiff * (hard * excess));                         \
        near = near | on;                                                                                        \
    }
    MODEL_LIMITS(LIMIT)
#undef LIMIT
    w->limits_near = near;
    near = splati(0);
#if MODEL_TERRAIN
    const float height = settings_in[SETTING_TERRAIN_HEIGHT];
#define SURFACE(c, distance, lift, cx, radius)                                                                    \
    vf ground, slope;                                                                                            \
    MODEL(ground)(w, w->start_x + (cx), height, &ground, &slope);                                                 \
    w->nz[c] = 1.0f / sqrt(fma(slope, slope, splat(1.0f)));                                                       \
    w->nx[c] = -slope * w->nz[c];                                                                                \
    const vf distance = fma((lift) - ground, w->nz[c], splat(-radius));
#define NORMAL(c, x, z) fma(w->nx[c], x, w->nz[c] * (z))
#define TANGENT(c, x, z) fma(w->nz[c], x, -w->nx[c] * (z))
#define TOUCH_X(c, x, down) fma(-w->nx[c], down, x)
#define TOUCH_Z(c, z, down) fma(-w->nz[c], down, z)
#else
#define SURFACE(c, distance, lift, cx, radius) const vf distance = (lift) - radius;
#define NORMAL(c, x, z) (z)
#define TANGENT(c, x, z) (x)
#define TOUCH_X(c, x, down) (x)
#define TOUCH_Z(c, z, down) ((z) - (down))
#endif
#define TOUCH(c, d, o, ex, ez, radius, margin, weight, pair, floor, stiff, damp, d0, dw, width, mid, power)       \
    {                                                                                                            \
        vf x, z;                                                                                                 \
        MODEL(turned)(w, o, ex, ez, &x, &z);                                                                      \
        SURFACE(c, distance, (floor == 0.0f ? w->z[d] + z : w->z[d] + (z - floor)), w->x[d] + x, radius)         \
        const vi on = distance < margin;                                                                         \
        w->exists[c] = on;                                                                                       \
        if (any_lane(on)) {                                                                                      \
            near = near | on;                                                                                    \
            const vf down = fma(splat(0.5f), distance, splat(radius));                                            \
            w->px[c] = TOUCH_X(c, x, down);                                                                      \
            w->pz[c] = TOUCH_Z(c, z, down);                                                                      \
            const vf turn = o < 0 ? splat(0.0f) : w->omega[o];                                                   \
            const vf vx = fma(-turn, w->pz[c], w->vx[d]), vz = fma(turn, w->px[c], w->vz[d]);                     \
            const vf mu = splat(settings_in[SETTING_COUNT + pair]), \
                     excess = margin == 0.0f ? distance : distance - margin; \
            const vf hard = impedance(excess, d0, dw, width, mid, power), mu2 = mu * mu;                          \
            w->friction[c] = mu;                                                                                 \
            w->contact_D[c] = \
                select(splat(0.0f), hard / ((1.0f - hard) * (2.0f * mu2 * (weight * (1.0f + mu2)))), on); \
            w->aref_n[c] = fma(splat(-(damp)), NORMAL(c, vx, vz), -stiff * (hard * excess));                      \
            w->aref_t[c] = -damp * TANGENT(c, vx, vz);                                                            \
        }                                                                                                        \
    }
    MODEL_FLOOR(TOUCH)
#undef TOUCH
    w->floor_near = near;
    near = splati(0);
    // Capsule against capsule, both in the plane: the closest points of two segments, two contacts if they are
    // parallel. Crossing segments touch at distance 0; their normal is the plane's, which no dof feels.
#define MOVING(r, d1, o1, x1, z1, ux1, uz1, radius1, d2, o2, x2, z2, ux2, uz2, radius2, reach, margin, weight, stiff, \
               damp, d0, dw, width, mid, power, PATH) \
    {                                                                                                            \
        vf c1x, c1z, c2x, c2z, u1x, u1z, u2x, u2z;                                                                \
        MODEL(turned)(w, o1, x1, z1, &c1x, &c1z);                                                                 \
        MODEL(turned)(w, o2, x2, z2, &c2x, &c2z);                                                                 \
        c1x = c1x + w->x[d1];                                                                                    \
        c1z = c1z + w->z[d1];                                                                                    \
        c2x = c2x + w->x[d2];                                                                                    \
        c2z = c2z + w->z[d2];                                                                                    \
        const vf gap_x = c2x - c1x, gap_z = c2z - c1z;                                                            \
        w->row_exists[r] = w->row_exists[r + 1] = splati(0);                                                     \
        if (any_lane(fma(gap_x, gap_x, gap_z * gap_z) < reach * reach)) {                                         \
            UNROLL for (int j = 0; j < 2; ++j) {                                                                 \
                w->row_D[r + j] = w->row_aref[r + j] = splat(0.0f);                                               \
                UNROLL for (int i = 0; i < MODEL_NV; ++i) w->row[r + j][i] = splat(0.0f);                         \
            }                                                                                                    \
            MODEL(turned)(w, o1, ux1, uz1, &u1x, &u1z);                                                           \
            MODEL(turned)(w, o2, ux2, uz2, &u2x, &u2z);                                                           \
            const vf ma = splat(ux1 * ux1 + uz1 * uz1), mc = splat(ux2 * ux2 + uz2 * uz2);                        \
            const vf cross = fma(u1x, u2z, -(u1z * u2x)), det = cross * cross;                                    \
            const vi parallel = det < 1e-12f * (ma * mc);                                                         \
            const vf mb = -fma(u1x, u2x, u1z * u2z), u = fma(u1x, gap_x, u1z * gap_z), \
                     v = -fma(u2x, gap_x, u2z * gap_z); \
            const vf safe = select(cross, splat(1.0f), parallel);                                                \
            const vf s1 = fma(gap_x, u2z, -(gap_z * u2x)) / safe, s2 = fma(gap_x, u1z, -(gap_z * u1x)) / safe;    \
            const vf t1 = vclamp(s1, -1.0f, 1.0f);                                                                \
            const vf s2b = select(s2, (v - mb * t1) / mc, fabs(s1) > 1.0f);                                       \
            const vf t2 = vclamp(s2b, -1.0f, 1.0f);                                                               \
            const vf t1b = select(t1, vclamp((u - mb * t2) / ma, -1.0f, 1.0f), fabs(s2b) > 1.0f);                 \
            /* Parallel: x1 = 1 and -1 where they project into the other, then x2 = 1 and -1, the first two. */   \
            vf p1[5], p2[5];                                                                                     \
            vi fits[5];                                                                                          \
            p1[4] = t1b;                                                                                         \
            p2[4] = t2;                                                                                          \
            fits[4] = !parallel;                                                                                 \
            p1[0] = splat(1.0f);                                                                                 \
            p1[1] = splat(-1.0f);                                                                                \
            p2[2] = splat(1.0f);                                                                                 \
            p2[3] = splat(-1.0f);                                                                                \
            p2[0] = vclamp((v - mb) / mc, -1.0f, 1.0f);                                                           \
            p2[1] = vclamp((v + mb) / mc, -1.0f, 1.0f);                                                           \
            p1[2] = vclamp((u - mb) / ma, -1.0f, 1.0f);                                                           \
            p1[3] = vclamp((u + mb) / ma, -1.0f, 1.0f);                                                           \
            fits[0] = fits[1] = fits[2] = fits[3] = parallel;                                                    \
            vi found = splati(0);                                                                                \
            const int candidates = any_lane(parallel) ? 0 : 4;                                                   \
            for (int k = candidates; k < 5; ++k) {                                                               \
                const vf a1x = fma(p1[k], u1x, c1x), a1z = fma(p1[k], u1z, c1z);                                  \
                const vf bx = fma(p2[k], u2x, c2x) - a1x, bz = fma(p2[k], u2z, c2z) - a1z;                         \
                const vf apart = sqrt(fma(bx, bx, bz * bz));                                                     \
                const vf distance = apart - (radius1 + radius2);                                                 \
                const vi on = fits[k] & (distance < margin) & (found < 2);                                     \
                const vf over = 1.0f / select(apart, splat(1.0f), apart < 1e-6f);                                 \
                const vf nx = select(bx * over, splat(0.0f), apart < 1e-6f), \
                         nz = select(bz * over, splat(0.0f), apart < 1e-6f); \
                const vf along = fma(splat(0.5f), distance, splat(radius1));                                      \
                const vf px = fma(nx, along, a1x), pz = fma(nz, along, a1z);                                      \
                const vf excess = distance - margin, hard = impedance(excess, d0, dw, width, mid, power);         \
                const vf D = hard / ((1.0f - hard) * weight);                                                    \
                vf row[MODEL_NV], speed = splat(0.0f);                                                           \
                UNROLL for (int i = 0; i < MODEL_NV; ++i) row[i] = splat(0.0f);                                   \
                PATH(PATH_ROW)                                                                                   \
                const vf aref = fma(splat(-(damp)), speed, -stiff * (hard * excess));                             \
                UNROLL for (int j = 0; j < 2; ++j) {                                                             \
                    const vi here = on & (found == j);                                                           \
                    w->row_exists[r + j] = w->row_exists[r + j] | here;                                           \
                    w->row_D[r + j] = select(w->row_D[r + j], D, here);                                           \
                    w->row_aref[r + j] = select(w->row_aref[r + j], aref, here);                                  \
                    UNROLL for (int i = 0; i < MODEL_NV; ++i) \
                        w->row[r + j][i] = select(w->row[r + j][i], row[i], here); \
                }                                                                                                \
                found = found + select(splati(0), splati(1), on);                                                      \
            }                                                                                                    \
            near = near | (found > 0);                                                                           \
        }                                                                                                        \
    }
    // A dof between the two links: `side` 1 above the second, -1 above the first.
#define PATH_ROW(d, side, type, sign, o, ux, uz)                                                                  \
    if (type == HINGE) row[d] = side * sign * fma(px - w->x[d], nz, -((pz - w->z[d]) * nx));                      \
    else {                                                                                                       \
        vf dx, dz;                                                                                               \
        MODEL(turned)(w, o, ux, uz, &dx, &dz);                                                                    \
        row[d] = side * fma(nx, dx, nz * dz);                                                                    \
    }                                                                                                            \
    speed = fma(row[d], w->v[d], speed);
    MODEL_MOVINGS(MOVING)
#undef MOVING
#undef PATH_ROW
    w->rows_near = near;
}

// u = J a - aref of every row, with `from` = 1; with 0, J a alone. Into limit_u, u_n, u_t and row_u.
ALWAYS_INLINE void MODEL(rows)(WORK *w, const vf *a, float from) {
    vf turn[MODEL_NV], ax[MODEL_NV], az[MODEL_NV];
    if (any_lane(w->floor_near)) {
#define LINK(d, p, o, type, sign, ox, oz, ux, uz, q0)                                                             \
        ax[d] = p < 0 ? splat(0.0f) : ax[p];                                                                     \
        az[d] = p < 0 ? splat(0.0f) : az[p];                                                                     \
        if (o >= 0) {                                                                                            \
            ax[d] = fma(-turn[o], w->rz[d], ax[d]);                                                              \
            az[d] = fma(turn[o], w->rx[d], az[d]);                                                               \
        }                                                                                                        \
        if (type == HINGE) turn[d] = o < 0 ? sign * a[d] : fma(splat(sign), a[d], turn[o]);                       \
        else if (o < 0) {                                                                                        \
            ax[d] = add_scaled(ux, a[d], ax[d]);                                                                 \
            az[d] = add_scaled(uz, a[d], az[d]);                                                                 \
        } else {                                                                                                 \
            vf dx, dz;                                                                                           \
            MODEL(turned)(w, o, ux, uz, &dx, &dz);                                                                \
            ax[d] = fma(dx, a[d], ax[d]);                                                                        \
            az[d] = fma(dz, a[d], az[d]);                                                                        \
        }
        MODEL_LINKS(LINK)
#undef LINK
#define TOUCH(c, d, o, ex, ez, radius, margin, weight, pair, floor, stiff, damp, d0, dw, width, mid, power)       \
        if (any_lane(w->exists[c])) {                                                                            \
            const vf x = o < 0 ? ax[d] : fma(-turn[o], w->pz[c], ax[d]), \
                     z = o < 0 ? az[d] : fma(turn[o], w->px[c], az[d]); \
            w->u_n[c] = fma(splat(-from), w->aref_n[c], NORMAL(c, x, z));                                         \
            w->u_t[c] = fma(splat(-from), w->aref_t[c], TANGENT(c, x, z));                                        \
        }
        MODEL_FLOOR(TOUCH)
#undef TOUCH
    }
#define LIMIT(k, d, low, high, margin, weight, stiff, damp, d0, dw, width, mid, power)                            \
    w->limit_u[k] = fma(w->limit_sign[k], a[d], -from * w->limit_aref[k]);
    MODEL_LIMITS(LIMIT)
#undef LIMIT
    if (any_lane(w->rows_near)) {
        for (int r = 0; r < 2 * MODEL_MOVING_COUNT; ++r) {
            if (!any_lane(w->row_exists[r])) continue;
            vf sum = -from * w->row_aref[r];
            UNROLL for (int d = 0; d < MODEL_NV; ++d) sum = fma(w->row[r][d], a[d], sum);
            w->row_u[r] = sum;
        }
    }
}

// Which rows push at u, as bits: limit 1; floor 1 normal + tangent, 2 normal - tangent, 4 the two that are the normal
// alone. In lanes of `run`, the new sets replace the old ones; the result is where a set changed.
ALWAYS_INLINE vi MODEL(activate)(WORK *w, vi run) {
    vi changed = splati(0);
#define LIMIT(k, d, low, high, margin, weight, stiff, damp, d0, dw, width, mid, power)                            \
    {                                                                                                            \
        const vi on = run & (w->limit_D[k] > 0.0f) & (w->limit_u[k] < 0.0f);                                      \
        changed = changed | (run & (on != w->limit_on[k]));                                                      \
        w->limit_on[k] = select(w->limit_on[k], on, run);                                                        \
    }
    MODEL_LIMITS(LIMIT)
#undef LIMIT
#define TOUCH(c, d, o, ex, ez, radius, margin, weight, pair, floor, stiff, damp, d0, dw, width, mid, power)       \
    if (any_lane(w->exists[c])) {                                                                                \
        const vf slip = w->friction[c] * w->u_t[c];                                                              \
        const vi none = splati(0), pushing = select(none, splati(1), w->u_n[c] + slip < 0.0f)                      \
            | select(none, splati(2), w->u_n[c] - slip < 0.0f) | select(none, splati(4), w->u_n[c] < 0.0f);       \
        const vi on = select(none, pushing, w->exists[c]);                                                       \
        changed = changed | (run & (on != w->contact_on[c]));                                                    \
        w->contact_on[c] = select(w->contact_on[c], on, run);                                                    \
    }
    MODEL_FLOOR(TOUCH)
#undef TOUCH
    if (any_lane(w->rows_near)) {
        for (int r = 0; r < 2 * MODEL_MOVING_COUNT; ++r) {
            if (!any_lane(w->row_exists[r])) continue;
            const vi on = w->row_exists[r] & (w->row_u[r] < 0.0f);
            changed = changed | (run & (on != w->row_on[r]));
            w->row_on[r] = select(w->row_on[r], on, run);
        }
    }
    return changed;
}

// L^T D L in place (Featherstone 2008, section 6.5), without fill-in; the pivots' reciprocals go to `inverse`.
ALWAYS_INLINE void MODEL(factor)(WORK *w) {
#define PIVOT(k) w->inverse[k] = 1.0f / w->H[k][k];
#define ROW(k, i) { const vf ratio = w->H[k][i] * w->inverse[k];
#define TERM(k, i, j) w->H[i][j] = fma(-ratio, w->H[k][j], w->H[i][j]);
#define KEEP(k, i) w->H[k][i] = ratio; }
    MODEL_ELIMINATION(PIVOT, ROW, TERM, KEEP)
#undef PIVOT
#undef ROW
#undef TERM
#undef KEEP
}
ALWAYS_INLINE void MODEL(solve)(const WORK *w, vf *x) {
#define DOWN(k, i) x[i] = fma(-w->H[k][i], x[k], x[i]);
    MODEL_LEAVES_FIRST(DOWN)
#undef DOWN
    UNROLL for (int k = 0; k < MODEL_NV; ++k) x[k] = x[k] * w->inverse[k];
#define BACK(k, i) x[k] = fma(-w->H[k][i], x[i], x[k]);
    MODEL_ROOT_FIRST(BACK)
#undef BACK
}
ALWAYS_INLINE void MODEL(copy_inertia)(WORK *w) {
    UNROLL for (int k = 0; k < MODEL_NV; ++k) w->H[k][k] = w->M[k][k];
#define COPY(k, i) w->H[k][i] = w->M[k][i];
    MODEL_ROOT_FIRST(COPY)
#undef COPY
}
ALWAYS_INLINE void MODEL(inertia_times)(const WORK *w, const vf *x, vf *y) {
    UNROLL for (int k = 0; k < MODEL_NV; ++k) y[k] = w->M[k][k] * x[k];
#define BOTH(k, i)                                                                                                \
    y[k] = fma(w->M[k][i], x[i], y[k]);                                                                           \
    y[i] = fma(w->M[k][i], x[k], y[i]);
    MODEL_ROOT_FIRST(BOTH)
#undef BOTH
}

// H = M + J^T D J and x = tau + J^T D aref over the rows that push.
PHASE void MODEL(assemble)(WORK *w, vf *x) {
    MODEL(copy_inertia)(w);
    UNROLL for (int d = 0; d < MODEL_NV; ++d) x[d] = w->tau[d];
    if (any_lane(w->floor_near)) {
        // Contact inertia about the origin.
        vf xx[MODEL_NV], xz[MODEL_NV], zz[MODEL_NV], tx[MODEL_NV], tz[MODEL_NV], tt[MODEL_NV];
        vf gn[MODEL_NV], gx[MODEL_NV], gz[MODEL_NV];                                             // force
        UNROLL for (int d = 0; d < MODEL_NV; ++d)
            xx[d] = xz[d] = zz[d] = tx[d] = tz[d] = tt[d] = gn[d] = gx[d] = gz[d] = splat(0.0f);
#if MODEL_TERRAIN
#define WORLD_WEIGHTS(c)                                                                                          \
        const vf nx = w->nx[c], nz = w->nz[c];                                                                   \
        const vf wxx = fma(nz, fma(nz, tangent, nx * mixed), nx * fma(nx, normal, nz * mixed));                   \
        const vf wxz = fma(nz, fma(-nx, tangent, nz * mixed), nx * fma(nz, normal, -nx * mixed));                 \
        const vf wzz = fma(-nx, fma(-nx, tangent, nz * mixed), nz * fma(nz, normal, -nx * mixed));                \
        const vf push_x = fma(nx, push, nz * drag), push_z = fma(nz, push, -nx * drag);
#else
#define WORLD_WEIGHTS(c) const vf wxx = tangent, wxz = mixed, wzz = normal, push_x = drag, push_z = push;
#endif
#define TOUCH(c, d, o, ex, ez, radius, margin, weight, pair, floor, stiff, damp, d0, dw, width, mid, power)       \
        if (any_lane(w->exists[c])) {                                                                            \
            const vf D = w->contact_D[c], mu = w->friction[c], slip = mu * w->aref_t[c], none = splat(0.0f);      \
            const vf up = select(none, D, (w->contact_on[c] & 1) != 0), \
                     down = select(none, D, (w->contact_on[c] & 2) != 0); \
            const vf alone = select(none, D + D, (w->contact_on[c] & 4) != 0);                                    \
            const vf both = up + down, uneven = up - down, normal = both + alone;                                 \
            const vf mixed = mu * uneven, tangent = mu * mu * both;                                               \
            const vf push = fma(normal, w->aref_n[c], uneven * slip), \
                     drag = mu * fma(uneven, w->aref_n[c], both * slip); \
            WORLD_WEIGHTS(c)                                                                                     \
            const vf px = w->px[c], pz = w->pz[c];                                                                \
            const vf turn_x = fma(px, wxz, -(pz * wxx)), turn_z = fma(px, wzz, -(pz * wxz));                      \
            xx[d] = xx[d] + wxx;                                                                                 \
            xz[d] = xz[d] + wxz;                                                                                 \
            zz[d] = zz[d] + wzz;                                                                                 \
            tx[d] = tx[d] + turn_x;                                                                              \
            tz[d] = tz[d] + turn_z;                                                                              \
            tt[d] = tt[d] + fma(px, turn_z, -(pz * turn_x));                                                     \
            gx[d] = gx[d] + push_x;                                                                              \
            gz[d] = gz[d] + push_z;                                                                              \
            gn[d] = gn[d] + fma(px, push_z, -(pz * push_x));                                                       \
        }
        MODEL_FLOOR(TOUCH)
#undef TOUCH
#define UP(d, p)                                                                                                  \
        {                                                                                                        \
            const vf rx = w->rx[d], rz = w->rz[d];                                                               \
            const vf moved_x = fma(rx, xz[d], fma(-rz, xx[d], tx[d])), \
                     moved_z = fma(rx, zz[d], fma(-rz, xz[d], tz[d])); \
            tt[p] = tt[p] + fma(rx, tz[d] + moved_z, fma(-rz, tx[d] + moved_x, tt[d]));                           \
            tx[p] = tx[p] + moved_x;                                                                             \
            tz[p] = tz[p] + moved_z;                                                                             \
            xx[p] = xx[p] + xx[d];                                                                               \
            xz[p] = xz[p] + xz[d];                                                                               \
            zz[p] = zz[p] + zz[d];                                                                               \
            gn[p] = gn[p] + fma(rx, gz[d], fma(-rz, gx[d], gn[d]));                                                 \
            gx[p] = gx[p] + gx[d];                                                                               \
            gz[p] = gz[p] + gz[d];                                                                               \
        }
        MODEL_TOUCH_UP(UP)
#undef UP
#define START(d, type, sign, o, ux, uz, m, armature)                                                              \
        {                                                                                                        \
            vf n, fx, fz;                                                                                   \
            if (type == HINGE) {                                                                                 \
                w->H[d][d] = w->H[d][d] + tt[d];                                                                 \
                x[d] = x[d] + sign * gn[d];                                                                       \
                n = sign * tt[d];                                                                               \
                fx = sign * tx[d];                                                                              \
                fz = sign * tz[d];                                                                              \
            } else {                                                                                             \
                vf dx, dz;                                                                                       \
                MODEL(turned)(w, o, ux, uz, &dx, &dz);                                                            \
                fx = fma(dx, xx[d], dz * xz[d]);                                                                \
                fz = fma(dx, xz[d], dz * zz[d]);                                                                \
                n = fma(dx, tx[d], dz * tz[d]);                                                                 \
                w->H[d][d] = w->H[d][d] + fma(dx, fx, dz * fz);                                                \
                x[d] = x[d] + fma(dx, gx[d], dz * gz[d]);                                                        \
            }
#define STEP(d, child, j, type_j, sign_j, o_j, ux_j, uz_j) WALK_STEP(w->H, d, child, j, type_j, sign_j, o_j, ux_j, uz_j)
#define END }
        MODEL_TOUCH_ANCESTORS(START, STEP, END)
#undef START
#undef STEP
#undef END
    }
#define LIMIT(k, d, low, high, margin, weight, stiff, damp, d0, dw, width, mid, power)                            \
    {                                                                                                            \
        const vf D = select(splat(0.0f), w->limit_D[k], w->limit_on[k] != 0);                                     \
        w->H[d][d] = w->H[d][d] + D;                                                                             \
        x[d] = fma(D * w->limit_sign[k], w->limit_aref[k], x[d]);                                                 \
    }
    MODEL_LIMITS(LIMIT)
#undef LIMIT
    if (any_lane(w->rows_near)) {
        for (int r = 0; r < 2 * MODEL_MOVING_COUNT; ++r) {
            if (!any_lane(w->row_exists[r])) continue;
            const vf D = select(splat(0.0f), w->row_D[r], w->row_on[r] != 0), push = D * w->row_aref[r];
            UNROLL for (int k = 0; k < MODEL_NV; ++k) {
                const vf weighted_row = D * w->row[r][k];
                UNROLL for (int i = 0; i <= k; ++i) w->H[k][i] = fma(weighted_row, w->row[r][i], w->H[k][i]);
                x[k] = fma(push, w->row[r][k], x[k]);
            }
        }
    }
}

// The derivative of the cost along s at a + alpha s, and its own: rows whose u + alpha du is negative push.
ALWAYS_INLINE void MODEL(along)(vf D, vf u, vf du, vf alpha, vf *slope, vf *curvature) {
    const vf at = fma(alpha, du, u);
    const vf pushing = select(splat(0.0f), D * du, at < 0.0f);
    *slope = fma(pushing, at, *slope);
    *curvature = fma(pushing, du, *curvature);
}

// How far to go along s = w->step from a: exact line search by safeguarded Newton. A guard for what the plain steps,
// which nearly always end the search by themselves, do not settle. Leaves limit_u, u_n, u_t and row_u as they are at a.
PHASE vf MODEL(line_search)(WORK *w) {
    vf limit_u[MODEL_LIMIT_COUNT + 1], u_n[MODEL_FLOOR_COUNT + 1], u_t[MODEL_FLOOR_COUNT + 1],
        row_u[2 * MODEL_MOVING_COUNT + 1];
    UNROLL for (int k = 0; k < MODEL_LIMIT_COUNT; ++k) limit_u[k] = w->limit_u[k];
    UNROLL for (int c = 0; c < MODEL_FLOOR_COUNT; ++c) { u_n[c] = w->u_n[c]; u_t[c] = w->u_t[c]; }
    UNROLL for (int r = 0; r < 2 * MODEL_MOVING_COUNT; ++r) row_u[r] = w->row_u[r];
    vf Ms[MODEL_NV], Ma[MODEL_NV], base = splat(0.0f), bend = splat(0.0f);
    MODEL(inertia_times)(w, w->step, Ms);
    MODEL(inertia_times)(w, w->a, Ma);
    UNROLL for (int d = 0; d < MODEL_NV; ++d) {
        bend = fma(w->step[d], Ms[d], bend);
        base = fma(w->step[d], Ma[d] - w->tau[d], base);
    }
    MODEL(rows)(w, w->step, 0.0f);
    vf alpha = splat(1.0f), low = splat(0.0f), high = splat(0.0f);
    for (int i = 0; i < 12; ++i) {
        vf slope = fma(alpha, bend, base), curvature = bend;
#define LIMIT(k, d, lo, hi, margin, weight, stiff, damp, d0, dw, width, mid, power)                               \
        MODEL(along)(w->limit_D[k], limit_u[k], w->limit_u[k], alpha, &slope, &curvature);
        MODEL_LIMITS(LIMIT)
#undef LIMIT
#define TOUCH(c, d, o, ex, ez, radius, margin, weight, pair, floor, stiff, damp, d0, dw, width, mid, power)       \
        if (any_lane(w->exists[c])) {                                                                            \
            const vf D = w->contact_D[c], slip = w->friction[c] * u_t[c], dslip = w->friction[c] * w->u_t[c];     \
            MODEL(along)(D, u_n[c] + slip, w->u_n[c] + dslip, alpha, &slope, &curvature);                         \
            MODEL(along)(D, u_n[c] - slip, w->u_n[c] - dslip, alpha, &slope, &curvature);                         \
            MODEL(along)(D + D, u_n[c], w->u_n[c], alpha, &slope, &curvature);                                    \
        }
        MODEL_FLOOR(TOUCH)
#undef TOUCH
        if (any_lane(w->rows_near))
            for (int r = 0; r < 2 * MODEL_MOVING_COUNT; ++r)
                if (any_lane(w->row_exists[r]))
                    MODEL(along)(w->row_D[r], row_u[r], w->row_u[r], alpha, &slope, &curvature);
        const vi left = slope < 0.0f;
        low = select(low, alpha, left);
        high = select(alpha, high, left);
        const vf newton = alpha - slope / curvature, middle = select(2.0f * alpha, 0.5f * (low + high), high > 0.0f);
        alpha = select(middle, newton, (newton > low) & ((high == 0.0f) | (newton < high)));
    }
    UNROLL for (int k = 0; k < MODEL_LIMIT_COUNT; ++k) w->limit_u[k] = limit_u[k];
    UNROLL for (int c = 0; c < MODEL_FLOOR_COUNT; ++c) { w->u_n[c] = u_n[c]; w->u_t[c] = u_t[c]; }
    UNROLL for (int r = 0; r < 2 * MODEL_MOVING_COUNT; ++r) w->row_u[r] = row_u[r];
    return alpha;
}

// The acceleration that minimises 1/2 (a - a0)^T M (a - a0) + 1/2 sum D min(0, J a - aref)^2: Newton, each step to the
// minimum of the quadratic that the pushing rows make; finished where the set that it leads to is the set that gave it.
PHASE void MODEL(accelerate)(WORK *w) {
    MODEL(copy_inertia)(w);
    MODEL(factor)(w);
    UNROLL for (int d = 0; d < MODEL_NV; ++d) w->a[d] = w->tau[d];
    MODEL(solve)(w, w->a);
    vi run = w->limits_near | w->floor_near | w->rows_near;
    if (!any_lane(run)) return;
    UNROLL for (int k = 0; k < MODEL_LIMIT_COUNT; ++k) w->limit_on[k] = splati(0);
    UNROLL for (int c = 0; c < MODEL_FLOOR_COUNT; ++c) w->contact_on[c] = splati(0);
    UNROLL for (int r = 0; r < 2 * MODEL_MOVING_COUNT; ++r) w->row_on[r] = splati(0);
    vi short_step = splati(0);
    for (int iteration = 0; iteration < MODEL_ITERATIONS; ++iteration) {
        MODEL(rows)(w, w->a, 1.0f);
        run = run & (MODEL(activate)(w, run) | short_step);
        if (!any_lane(run)) return;
        vf x[MODEL_NV];
        MODEL(assemble)(w, x);
        MODEL(factor)(w);
        MODEL(solve)(w, x);
        if (iteration < 5) {
            UNROLL for (int d = 0; d < MODEL_NV; ++d) w->a[d] = select(w->a[d], x[d], run);
        } else {
            UNROLL for (int d = 0; d < MODEL_NV; ++d) w->step[d] = x[d] - w->a[d];
            const vf alpha = MODEL(line_search)(w);
            short_step = run & (alpha != 1.0f);
            UNROLL for (int d = 0; d < MODEL_NV; ++d)
                w->a[d] = select(w->a[d], select(x[d], fma(alpha, w->step[d], w->a[d]), short_step), run);
        }
    }
    MODEL(rows)(w, w->a, 1.0f);
}

ALWAYS_INLINE void MODEL(forward)(WORK *w, __global const float *settings_in) {
    MODEL(kinematics)(w);
    MODEL(inertia)(w);
    MODEL(forces)(w);
    MODEL(detect)(w, settings_in);
    MODEL(accelerate)(w);
}

// MODEL_SKIP physics steps. What w holds afterwards beside q and v is of the last forward pass, as in MuJoCo.
ALWAYS_INLINE void MODEL(integrate)(WORK *w, __global const float *settings_in) {
#if MODEL_EULER
    // Euler with implicit joint damping: a' = (M + h B)^-1 M a, then the new velocity moves the positions.
    for (int i = 0; i < MODEL_SKIP; ++i) {
        MODEL(forward)(w, settings_in);
        vf x[MODEL_NV];
        MODEL(inertia_times)(w, w->a, x);
        MODEL(copy_inertia)(w);
#define DOF(d, type, sign, o, ux, uz, damping, stiffness, rest) \
    if (damping != 0.0f) w->H[d][d] = w->H[d][d] + (MODEL_H * damping);
        MODEL_DOFS(DOF)
#undef DOF
        MODEL(factor)(w);
        MODEL(solve)(w, x);
        UNROLL for (int d = 0; d < MODEL_NV; ++d) {
            w->v[d] = fma(splat(MODEL_H), x[d], w->v[d]);
            w->q[d] = fma(splat(MODEL_H), w->v[d], w->q[d]);
        }
    }
#else
    vf q0[MODEL_NV], v0[MODEL_NV], sum_v[MODEL_NV], sum_a[MODEL_NV];
    for (int i = 0; i < 4 * MODEL_SKIP; ++i) {                  // four stages a step
        const int stage = i & 3;
        if (stage == 0)
            UNROLL for (int d = 0; d < MODEL_NV; ++d) {
                q0[d] = w->q[d];
                v0[d] = w->v[d];
                sum_v[d] = sum_a[d] = splat(0.0f);
            }
        MODEL(forward)(w, settings_in);
        const vf weight = splat(stage == 0 || stage == 3 ? 1.0f : 2.0f);
        const vf ahead = splat(stage == 3 ? MODEL_H / 6.0f : stage == 2 ? MODEL_H : MODEL_H * 0.5f);
        UNROLL for (int d = 0; d < MODEL_NV; ++d) {
            sum_v[d] = fma(weight, w->v[d], sum_v[d]);
            sum_a[d] = fma(weight, w->a[d], sum_a[d]);
        }
        if (stage == 3) {
            UNROLL for (int d = 0; d < MODEL_NV; ++d) {
                w->q[d] = fma(ahead, sum_v[d], q0[d]);
                w->v[d] = fma(ahead, sum_a[d], v0[d]);
            }
        } else {
            UNROLL for (int d = 0; d < MODEL_NV; ++d) {
                w->q[d] = fma(ahead, w->v[d], q0[d]);
                w->v[d] = fma(ahead, w->a[d], v0[d]);
            }
        }
    }
#endif
}

// MARK: Tasks
// A point of link d whose frame is hinge o's.
ALWAYS_INLINE void MODEL(point)(const WORK *w, int d, int o, float x, float z, vf *px, vf *pz) {
    MODEL(turned)(w, o, x, z, px, pz);
    if (d < 0) return;
    *px = *px + w->x[d];
    *pz = *pz + w->z[d];
}

// What the observation shows of the state; travelled is what was taken off the root's own coordinates.
ALWAYS_INLINE void MODEL(observe)(const WORK *w, const vf *state, __global const float *settings_in, vf *obs) {
    const float clip = settings_in[SETTING_VELOCITY_CLIP];
    UNROLL for (int i = 0; i < MODEL_NV; ++i) {
        obs[i] = w->q[i];
        obs[MODEL_NV + i] = vclamp(w->v[i], -clip, clip);
    }
#if MODEL_ROOT_X >= 0
    obs[MODEL_ROOT_X] = w->q[MODEL_ROOT_X] + state[2 * MODEL_NV];
#endif
#if MODEL_ROOT_Z >= 0
    obs[MODEL_ROOT_Z] = w->q[MODEL_ROOT_Z] + state[2 * MODEL_NV + 1];
#endif
#if MODEL_TASK == 2  // inverted double pendulum
    UNROLL for (int i = 0; i < 2; ++i) sincos_strict(w->q[1 + i], &obs[2 * MODEL_NV + i], &obs[2 * MODEL_NV + 2 + i]);
    // limit_u is there only if some lane's limit is near, so lanes without one don't look at it.
    const vf push = -w->limit_sign[0] * (w->limit_D[0] * w->limit_u[0]);
    obs[2 * MODEL_NV + 4] = vclamp(select(splat(0.0f), push, (w->limit_D[0] > 0.0f) & (w->limit_u[0] < 0.0f)), -10.0f,
                                   10.0f);
#elif MODEL_TASK == 3  // reacher
    UNROLL for (int i = 0; i < 2; ++i) sincos_strict(w->q[i], &obs[2 * MODEL_NV + 2 + i], &obs[2 * MODEL_NV + i]);
    obs[2 * MODEL_NV + 4] = state[2 * MODEL_NV];
    obs[2 * MODEL_NV + 5] = state[2 * MODEL_NV + 1];
#endif
    obs[MODEL_FULL - 1] = splat(0.0f);
}

// Reacher: fingertip - target in the plane, m.
ALWAYS_INLINE void MODEL(keep_lag)(const WORK *w, vf *state) {
#if MODEL_TASK == 3
    vf x, z, target_x, target_z;
#define POINT(d, o, px, pz) MODEL(point)(w, d, o, px, pz, &x, &z);
    MODEL_TIP(POINT)
#undef POINT
#define POINT(d, o, px, pz) MODEL(point)(w, d, o, px, pz, &target_x, &target_z);
    MODEL_TARGET(POINT)
#undef POINT
    state[2 * MODEL_NV] = x - target_x;
    state[2 * MODEL_NV + 1] = z - target_z;
#endif
}

PHASE void MODEL(place_state)(__global const float *settings_in, vf *state, vf *obs) {
    WORK work;
    WORK *w = &work;
    UNROLL for (int i = 0; i < MODEL_NV; ++i) {
        w->q[i] = state[i];
        w->v[i] = state[MODEL_NV + i];
    }
#if MODEL_TASK == 2 || MODEL_TASK == 3
    UNROLL for (int i = 0; i < MODEL_NU; ++i) w->control[i] = splat(0.0f);
    MODEL(forward)(w, settings_in);
    MODEL(rows)(w, w->a, 1.0f);
#endif
    state[2 * MODEL_NV] = state[2 * MODEL_NV + 1] = splat(0.0f);
    MODEL(keep_lag)(w, state);
    MODEL(observe)(w, state, settings_in, obs);
}

PHASE void MODEL(start)(const vf *u, __global const float *settings_in, vf *state, vf *obs) {
    const float noise = settings_in[SETTING_RESET_NOISE];
#define INITIAL(i, q, v)                                                                                          \
    state[i] = fma(fma(u[i], splat(2.0f), splat(-1.0f)), splat(noise), splat(q));                                 \
    state[MODEL_NV + i] = splat(v);
    MODEL_INITIAL(INITIAL)
#undef INITIAL
#if MODEL_TASK == 3
    // The target: uniform in the disc of 0.2 m, at rest.
    vf s, c;
    sincos_turns_strict(u[3], &s, &c);
    const vf radius = 0.2f * sqrt(u[2]);
    state[2] = radius * c;
    state[3] = radius * s;
    UNROLL for (int i = 0; i < 2; ++i) state[MODEL_NV + i] = fma(u[MODEL_NV + i], splat(0.01f), splat(-0.005f));
#elif MODEL_VELOCITY_NORMAL
    UNROLL for (int i = 0; i < MODEL_NV; i += 2) {
        vf z0, z1;
        normals_from_uniforms(u[MODEL_NV + i], u[MODEL_NV + i + 1], &z0, &z1);
        state[MODEL_NV + i] = fma(z0, splat(noise), state[MODEL_NV + i]);
        if (i + 1 < MODEL_NV) state[MODEL_NV + i + 1] = fma(z1, splat(noise), state[MODEL_NV + i + 1]);
    }
#else
    UNROLL for (int i = 0; i < MODEL_NV; ++i)
        state[MODEL_NV + i] = fma(fma(u[MODEL_NV + i], splat(2.0f), splat(-1.0f)), splat(noise), state[MODEL_NV + i]);
#endif
#if MODEL_TERRAIN
    UNROLL for (int i = 0; i < 3; ++i) state[2 * MODEL_NV + 2 + i] = u[MODEL_DRAWS - 3 + i];
#endif
    MODEL(place_state)(settings_in, state, obs);
}

PHASE vf MODEL(advance)(vf *state, const vf *action, __global const float *settings_in, vf *obs, vi *terminated,
                        vf *overflow) {
    WORK work;
    WORK *w = &work;
#if MODEL_TASK < 2
    // The root's own x (and y) is counted from where the step starts: no float is spent on distance.
#if MODEL_ROOT_X >= 0
    state[2 * MODEL_NV] = state[2 * MODEL_NV] + state[MODEL_ROOT_X];
    state[MODEL_ROOT_X] = splat(0.0f);
#endif
#if MODEL_ROOT_Z >= 0
    state[2 * MODEL_NV + 1] = state[2 * MODEL_NV + 1] + state[MODEL_ROOT_Z];
    state[MODEL_ROOT_Z] = splat(0.0f);
#endif
#endif
#if MODEL_TERRAIN
    w->start_x = state[2 * MODEL_NV];
    UNROLL for (int i = 0; i < 3; ++i) w->phase[i] = state[2 * MODEL_NV + 2 + i];
#endif
    vf effort = splat(0.0f);
    UNROLL for (int i = 0; i < MODEL_NU; ++i) {
        w->control[i] = action[i];
        effort = fma(action[i], action[i], effort);
    }
    UNROLL for (int i = 0; i < MODEL_NV; ++i) {
        w->q[i] = state[i];
        w->v[i] = state[MODEL_NV + i];
    }
    MODEL(integrate)(w, settings_in);
    UNROLL for (int i = 0; i < MODEL_NV; ++i) {
        state[i] = w->q[i];
        state[MODEL_NV + i] = w->v[i];
    }
    const float bonus = settings_in[SETTING_HEALTHY_REWARD], always = settings_in[SETTING_BONUS_ALWAYS];
#if MODEL_TASK == 3
    const vf before = sqrt(
        fma(state[2 * MODEL_NV], state[2 * MODEL_NV], state[2 * MODEL_NV + 1] * state[2 * MODEL_NV + 1]));
    MODEL(keep_lag)(w, state);
    const vf after = sqrt(
        fma(state[2 * MODEL_NV], state[2 * MODEL_NV], state[2 * MODEL_NV + 1] * state[2 * MODEL_NV + 1]));
    const vf apart = settings_in[SETTING_EARLY_DISTANCE] != 0.0f ? before : after;
    *terminated = splati(0);
    const vf reward = -fma(splat(settings_in[SETTING_DISTANCE_WEIGHT]), apart,
                           settings_in[SETTING_CONTROL_COST] * effort);
#elif MODEL_TASK == 2
    vf x, z;
#define POINT(d, o, px, pz) MODEL(point)(w, d, o, px, pz, &x, &z);
    MODEL_TIP(POINT)
#undef POINT
    *terminated = z <= 1.0f;
    const vf alive = select(splat(bonus), splat(bonus * always), *terminated);
    const vf high = z - 2.0f, astray = fma(0.01f * x, x, high * high);
    const vf reward = alive - astray - fma(1e-3f * w->v[1], w->v[1], 5e-3f * w->v[2] * w->v[2]);
#else
    vi healthy = (w->q[MODEL_PITCH] > settings_in[SETTING_LOWEST_ANGLE])
        & (w->q[MODEL_PITCH] < settings_in[SETTING_HIGHEST_ANGLE]);
#if MODEL_TASK == 1  // inverted pendulum: only the angle counts, its limits included
    healthy = (w->q[MODEL_PITCH] >= settings_in[SETTING_LOWEST_ANGLE])
        & (w->q[MODEL_PITCH] <= settings_in[SETTING_HIGHEST_ANGLE]);
    *terminated = !healthy;
    const vf reward = select(splat(bonus * always), splat(bonus), healthy);
#else
#if MODEL_HEIGHT >= 0
    vf lift = w->q[MODEL_HEIGHT];
#if MODEL_TERRAIN
    vf ground, slope;
    MODEL(ground)(w, w->start_x + w->q[MODEL_ROOT_X], settings_in[SETTING_TERRAIN_HEIGHT], &ground, &slope);
    lift = lift - ground;
#endif
    const float lowest = settings_in[SETTING_LOWEST_Z], highest = settings_in[SETTING_HIGHEST_Z];
#if MODEL_HEIGHT_CLOSED
    healthy = healthy & (lift >= lowest) & (lift <= highest);
#else
    healthy = healthy & (lift > lowest) & (lift < highest);
#endif
#endif
    UNROLL for (int i = 0; i < MODEL_NV; ++i) {
        const float low = settings_in[SETTING_LOWEST_STATE], high = settings_in[SETTING_HIGHEST_STATE];
        if (i >= 2) healthy = healthy & (w->q[i] > low) & (w->q[i] < high);
        healthy = healthy & (w->v[i] > low) & (w->v[i] < high);
    }
    const int ends = settings_in[SETTING_TERMINATES] != 0.0f;
    *terminated = ends ? !healthy : splati(0);
    const vf alive = select(splat(bonus * always), splat(bonus), healthy);
    const vf forward = settings_in[SETTING_FORWARD_WEIGHT] * (w->q[MODEL_ROOT_X] / MODEL_DT);
    const vf reward = forward + alive - settings_in[SETTING_CONTROL_COST] * effort;
#endif
#endif
    MODEL(observe)(w, state, settings_in, obs);
    *overflow = splat(0.0f);
    return reward;
}
