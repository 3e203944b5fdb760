// spatial: rigid bodies in space on a free joint, hinges and slides, W environments at once. See physics.cl.
//
// There is one link per joint; a free joint's link has six dofs, a hinge's or slide's one. A link's frame has its z
// along the joint's axis and its origin at the joint's anchor. Vectors are in world axes, and everything about a link
// is relative to its own origin: r = origin - parent's origin moves motions down the tree and forces and inertias up.
// That is cheaper than the common reference point that MuJoCo has and costs float32 fewer digits.
//
// M is never formed. M^-1 is applied by articulated inertias (Featherstone 2008, chapter 7): a 6x6 inertia per link,
// from which each joint takes out what it lets through on the way up. A constraint that acts on one link and the world
// only adds to that link's inertia (J^T D J of a contact, D of a limit), so H = M + J^T D J costs the same as M and
// needs no Jacobian. Contacts between two links are kept as rows in a few slots and enter through the small system (J
// H^-1 J^T + R) f.
//
// The free joint's rotation is in world axes inside (qvel and qacc have it in the body's): a similarity that changes
// nothing else.
#ifndef SPATIAL_SHARED
#define SPATIAL_SHARED

// MARK: Vectors
typedef struct { vf x, y, z; } v3;
typedef struct { v3 x, y, z; } rotation;                       // by columns
typedef struct { vf xx, yy, zz, xy, xz, yz; } symmetric;
// Takes an acceleration (alpha; a) to a moment and a force: n = A alpha + B a, f = B^T alpha + C a. B by rows.
typedef struct { symmetric A, C; v3 bx, by, bz; } inertia6;

ALWAYS_INLINE v3 vector(vf x, vf y, vf z) { v3 v; v.x = x; v.y = y; v.z = z; return v; }
ALWAYS_INLINE v3 zero3(void) { return vector(splat(0.0f), splat(0.0f), splat(0.0f)); }
ALWAYS_INLINE v3 plus3(v3 a, v3 b) { return vector(a.x + b.x, a.y + b.y, a.z + b.z); }
ALWAYS_INLINE v3 minus3(v3 a, v3 b) { return vector(a.x - b.x, a.y - b.y, a.z - b.z); }
ALWAYS_INLINE v3 scaled3(vf s, v3 a) { return vector(s * a.x, s * a.y, s * a.z); }
ALWAYS_INLINE v3 fma3(vf s, v3 a, v3 sum) { return vector(fma(s, a.x, sum.x), fma(s, a.y, sum.y), fma(s, a.z, sum.z)); }
ALWAYS_INLINE v3 select3(v3 a, v3 b, vi mask) {
    return vector(select(a.x, b.x, mask), select(a.y, b.y, mask), select(a.z, b.z, mask));
}
ALWAYS_INLINE vf dot3(v3 a, v3 b) { return fma(a.x, b.x, fma(a.y, b.y, a.z * b.z)); }
ALWAYS_INLINE v3 cross3(v3 a, v3 b) {
    return vector(fma(a.y, b.z, -(a.z * b.y)), fma(a.z, b.x, -(a.x * b.z)), fma(a.x, b.y, -(a.y * b.x)));
}
// sum + a x b, sum - a x b
ALWAYS_INLINE v3 add_cross(v3 sum, v3 a, v3 b) {
    return vector(fma(a.y, b.z, fma(-a.z, b.y, sum.x)), fma(a.z, b.x, fma(-a.x, b.z, sum.y)),
                  fma(a.x, b.y, fma(-a.y, b.x, sum.z)));
}
ALWAYS_INLINE v3 times(symmetric m, v3 v) {
    return vector(fma(m.xx, v.x, fma(m.xy, v.y, m.xz * v.z)), fma(m.xy, v.x, fma(m.yy, v.y, m.yz * v.z)),
                  fma(m.xz, v.x, fma(m.yz, v.y, m.zz * v.z)));
}
// a x + b y + c z for literals a, b, c.
ALWAYS_INLINE vf combined(float a, vf x, float b, vf y, float c, vf z) {
    if (a == 0.0f) return weighted(b, y, c, z);
    if (b == 0.0f) return weighted(a, x, c, z);
    return add_scaled(c, z, weighted(a, x, b, y));
}
// The literal vector (a, b, c) of a frame, in world axes.
ALWAYS_INLINE v3 turned3(const rotation *R, float a, float b, float c) {
    return vector(combined(a, R->x.x, b, R->y.x, c, R->z.x), combined(a, R->x.y, b, R->y.y, c, R->z.y),
                  combined(a, R->x.z, b, R->y.z, c, R->z.z));
}
// m += s u u^T for a literal s
ALWAYS_INLINE void add_square(symmetric *m, float s, v3 u) {
    const v3 k = scaled3(splat(s), u);
    m->xx = fma(k.x, u.x, m->xx); m->yy = fma(k.y, u.y, m->yy); m->zz = fma(k.z, u.z, m->zz);
    m->xy = fma(k.x, u.y, m->xy); m->xz = fma(k.x, u.z, m->xz); m->yz = fma(k.y, u.z, m->yz);
}
// m -= k u^T, where k is along u
ALWAYS_INLINE void take_square(symmetric *m, v3 k, v3 u) {
    m->xx = fma(-k.x, u.x, m->xx); m->yy = fma(-k.y, u.y, m->yy); m->zz = fma(-k.z, u.z, m->zz);
    m->xy = fma(-k.x, u.y, m->xy); m->xz = fma(-k.x, u.z, m->xz); m->yz = fma(-k.y, u.z, m->yz);
}
ALWAYS_INLINE symmetric sum_of(symmetric a, symmetric b) {
    a.xx = a.xx + b.xx;
    a.yy = a.yy + b.yy;
    a.zz = a.zz + b.zz;
    a.xy = a.xy + b.xy;
    a.xz = a.xz + b.xz;
    a.yz = a.yz + b.yz;
    return a;
}
ALWAYS_INLINE symmetric chosen(symmetric a, symmetric b, vi mask) {
    a.xx = select(a.xx, b.xx, mask); a.yy = select(a.yy, b.yy, mask); a.zz = select(a.zz, b.zz, mask);
    a.xy = select(a.xy, b.xy, mask); a.xz = select(a.xz, b.xz, mask); a.yz = select(a.yz, b.yz, mask);
    return a;
}
ALWAYS_INLINE symmetric diagonal(vf d) {
    symmetric m;
    m.xx = d; m.yy = d; m.zz = d; m.xy = splat(0.0f); m.xz = splat(0.0f); m.yz = splat(0.0f);
    return m;
}
ALWAYS_INLINE inertia6 sum6(inertia6 a, inertia6 b) {
    a.A = sum_of(a.A, b.A); a.C = sum_of(a.C, b.C);
    a.bx = plus3(a.bx, b.bx); a.by = plus3(a.by, b.by); a.bz = plus3(a.bz, b.bz);
    return a;
}
ALWAYS_INLINE inertia6 chosen6(inertia6 a, inertia6 b, vi mask) {
    a.A = chosen(a.A, b.A, mask); a.C = chosen(a.C, b.C, mask);
    a.bx = select3(a.bx, b.bx, mask); a.by = select3(a.by, b.by, mask); a.bz = select3(a.bz, b.bz, mask);
    return a;
}
// Of a rigid body with moment of inertia I about the origin and first moment h.
ALWAYS_INLINE inertia6 rigid6(symmetric I, v3 h, float mass) {
    inertia6 m;
    m.A = I;
    m.C = diagonal(splat(mass));
    m.bx = vector(splat(0.0f), -h.z, h.y);
    m.by = vector(h.z, splat(0.0f), -h.x);
    m.bz = vector(-h.y, h.x, splat(0.0f));
    return m;
}
ALWAYS_INLINE inertia6 with_rigid(inertia6 m, symmetric I, v3 h, float mass) {
    m.A = sum_of(m.A, I);
    m.C.xx = m.C.xx + mass; m.C.yy = m.C.yy + mass; m.C.zz = m.C.zz + mass;
    m.bx.y = m.bx.y - h.z; m.bx.z = m.bx.z + h.y;
    m.by.x = m.by.x + h.z; m.by.z = m.by.z - h.x;
    m.bz.x = m.bz.x - h.y; m.bz.y = m.bz.y + h.x;
    return m;
}
// About a point at -r from where it was: B' = B + r x C, A' = A + r x B'^T - B r x.
ALWAYS_INLINE inertia6 moved6(inertia6 m, v3 r) {
    inertia6 to;
    to.C = m.C;
    to.bx = vector(fma(r.y, m.C.xz, fma(-r.z, m.C.xy, m.bx.x)), fma(r.y, m.C.yz, fma(-r.z, m.C.yy, m.bx.y)),
                   fma(r.y, m.C.zz, fma(-r.z, m.C.yz, m.bx.z)));
    to.by = vector(fma(r.z, m.C.xx, fma(-r.x, m.C.xz, m.by.x)), fma(r.z, m.C.xy, fma(-r.x, m.C.yz, m.by.y)),
                   fma(r.z, m.C.xz, fma(-r.x, m.C.zz, m.by.z)));
    to.bz = vector(fma(r.x, m.C.xy, fma(-r.y, m.C.xx, m.bz.x)), fma(r.x, m.C.yy, fma(-r.y, m.C.xy, m.bz.y)),
                   fma(r.x, m.C.yz, fma(-r.y, m.C.xz, m.bz.z)));
    // (r x row i of B)_j + (r x row j of B')_i
    to.A.xx = fma(r.y, m.bx.z + to.bx.z, fma(-r.z, m.bx.y + to.bx.y, m.A.xx));
    to.A.yy = fma(r.z, m.by.x + to.by.x, fma(-r.x, m.by.z + to.by.z, m.A.yy));
    to.A.zz = fma(r.x, m.bz.y + to.bz.y, fma(-r.y, m.bz.x + to.bz.x, m.A.zz));
    to.A.xy = fma(r.z, m.bx.x, fma(-r.x, m.bx.z, fma(r.y, to.by.z, fma(-r.z, to.by.y, m.A.xy))));
    to.A.xz = fma(r.x, m.bx.y, fma(-r.y, m.bx.x, fma(r.y, to.bz.z, fma(-r.z, to.bz.y, m.A.xz))));
    to.A.yz = fma(r.x, m.by.y, fma(-r.y, m.by.x, fma(r.z, to.bz.x, fma(-r.x, to.bz.z, m.A.yz))));
    return to;
}

// MARK: Contacts of a link with the floor
// A point where a sphere or the end of a capsule may stand on the floor. Its four rows are n + mu t1, n - mu t1, n + mu
// t2, n - mu t2 with n = z and t2 = n x t1, bits 0 to 3 of a set. J a - aref of a row is that combination of e.
typedef struct {
    v3 rho;        // from the link's origin
    v3 reference;  // aref is its combination
    v3 e;          // J a - aref, in world axes
    v3 e_old;      // this and w_old only while an exact line search is needed
    vf w_old[4];
    vf tx, ty, D;
    float friction;
    int link, body;
    vi exists, on, next;  // `on` gave the current a, `next` is what that a makes active
} floor_contact;

// k and b of aref = -b J v - k d r, then solimp.
typedef struct { float k, b, d0, dw, width, mid, power; } response;

// solimp gives how much of a row's acceleration is constraint: D is 1 / R.
ALWAYS_INLINE vf impedance_of(__constant response *s, vf excess) {
    return impedance(excess, s->d0, s->dw, s->width, s->mid, s->power);
}

PHASE void make_floor_contact(floor_contact *c, vf dist, vi exists, const v3 *ball, vf tx, vf ty, float radius,
                              float margin, float tran, float friction, __constant response *s, const v3 *omega,
                              const v3 *velocity) {
    const vf depth = dist - margin;
    const vf d = impedance_of(s, depth);
    c->rho = vector(ball->x, ball->y, ball->z - fma(dist, splat(0.5f), splat(radius)));
    const v3 v = add_cross(*velocity, *omega, c->rho);
    c->reference = vector(-s->b * v.x, -s->b * v.y, fma(splat(-s->b), v.z, -s->k * d * depth));
    const float square = friction * friction;
    c->D = vmin(d / ((1.0f - d) * (2.0f * square * tran * (1.0f + square))), splat(1e15f));
    c->tx = tx;
    c->ty = ty;
    c->friction = friction;
    c->exists = exists;
}

// J^T D J of the rows of `on`, as a matrix on the point's acceleration.
ALWAYS_INLINE symmetric stiffness_of(const floor_contact *c) {
    const vf a = select(splat(0.0f), c->D, (c->on & 1) != 0), b = select(splat(0.0f), c->D, (c->on & 2) != 0);
    const vf d = select(splat(0.0f), c->D, (c->on & 4) != 0), e = select(splat(0.0f), c->D, (c->on & 8) != 0);
    const float mu = c->friction, mu2 = mu * mu;
    const vf one = a + b, two = d + e, n1 = (a - b) * mu, n2 = (d - e) * mu;
    symmetric m;
    m.zz = one + two;
    m.xz = fma(n1, c->tx, -(n2 * c->ty));
    m.yz = fma(n1, c->ty, n2 * c->tx);
    const vf k1 = one * mu2, k2 = two * mu2, xx = c->tx * c->tx, yy = c->ty * c->ty;
    m.xx = fma(k1, xx, k2 * yy);
    m.yy = fma(k1, yy, k2 * xx);
    m.xy = (k1 - k2) * (c->tx * c->ty);
    return m;
}

// Adds the contact to its link's inertia, moment and force: M a + J^T D (J a - aref) = tau.
PHASE void load_floor_contact(inertia6 *K, v3 *moment, v3 *force, const floor_contact *c, int first) {
    inertia6 point;
    const vf zero = splat(0.0f);
    const v3 none = zero3();
    point.C = stiffness_of(c);
    const v3 f = times(point.C, c->reference), n = cross3(c->rho, f);
    point.A = diagonal(zero);
    point.bx = none; point.by = none; point.bz = none;
    const inertia6 here = moved6(point, c->rho);
    if (first) {
        inertia6 clear;
        clear.A = diagonal(zero); clear.C = clear.A; clear.bx = none; clear.by = none; clear.bz = none;
        *K = chosen6(clear, here, c->exists);
        *moment = select3(none, n, c->exists);
        *force = select3(none, f, c->exists);
    } else {
        *K = chosen6(*K, sum6(*K, here), c->exists);
        *moment = select3(*moment, plus3(*moment, n), c->exists);
        *force = select3(*force, plus3(*force, f), c->exists);
    }
}

// What the contact does to its link at the acceleration that e is of.
ALWAYS_INLINE v3 force_of(const floor_contact *c) {
    const v3 f = times(stiffness_of(c), c->e);
    return vector(-f.x, -f.y, -f.z);
}

ALWAYS_INLINE void rows_of(const floor_contact *c, v3 e, vf u[4]) {
    const vf one = fma(c->tx, e.x, c->ty * e.y) * c->friction, two = fma(c->tx, e.y, -(c->ty * e.x)) * c->friction;
    u[0] = e.z + one;
    u[1] = e.z - one;
    u[2] = e.z + two;
    u[3] = e.z - two;
}
ALWAYS_INLINE vi active_rows(const floor_contact *c, v3 e) {
    vf u[4];
    rows_of(c, e, u);
    vi bits = select(splati(0), splati(1), u[0] < 0.0f);
    bits = bits | select(splati(0), splati(2), u[1] < 0.0f);
    bits = bits | select(splati(0), splati(4), u[2] < 0.0f);
    bits = bits | select(splati(0), splati(8), u[3] < 0.0f);
    return select(splati(0), bits, c->exists);
}

// e and `next` for a link's acceleration; the lanes where the set changed.
PHASE vi test_floor_contact(floor_contact *c, const v3 *alpha, const v3 *a) {
    c->e = minus3(add_cross(*a, *alpha, c->rho), c->reference);
    c->next = active_rows(c, c->e);
    return c->next != c->on;
}

// MARK: Contacts of two links
typedef struct {
    v3 p, n;                 // where, and the normal from the first link to the second, in world axes
    vf dist, R, b, push;     // aref = -b J v - push
    vf aref, f, next_f, u, u_old, w_old;
    vi exists, on, next;
    vi plus, minus;          // links between the world and the second link only, and the first only, as bits
    vi bodies;               // the first body + 65536 times the second
} link_contact;

// What a pair of geoms has: of each the link and body, and of both the links as in link_contact.
typedef struct {
    int kind, geom1, geom2, plus, minus, bodies, answer;
    float reach, radius1, radius2, margin, tran;
} geom_pair;
// A sphere (ends 1) or a capsule (2) over the floor.
typedef struct {
    int link, body, geom, ends, contact, friction, answer;
    float radius, height, margin, tran;
} floor_pair;
#define SPHERE_SPHERE 0
#define SPHERE_CAPSULE 1
#define CAPSULE_CAPSULE 2

// Puts a contact into the lane's next free slot, or over its shallowest one if that is shallower.
PHASE void keep_contact(link_contact *slots, int capacity, vi *count, vf *overflow, vi exists, vf dist, const v3 *p,
                        const v3 *n, __constant geom_pair *of, __constant response *s) {
    const vf depth = dist - of->margin, d = impedance_of(s, depth);
    const vf R = vmax((1.0f - d) / d * of->tran, splat(1e-15f)), push = s->k * d * depth;
    const vi full = exists & (*count >= splati(capacity));
    vi place = *count;
    if (any_lane(full)) {
        vf shallowest = dist;
        vi at = splati(-1);
        for (int i = 0; i < capacity; ++i) {
            const vi deeper = slots[i].dist > shallowest;
            at = select(at, splati(i), deeper);
            shallowest = select(shallowest, slots[i].dist, deeper);
        }
        place = select(place, at, full);
        *overflow = *overflow + one_where(full);
    }
    *count = *count + select(splati(0), splati(1), exists & (!full));
    for (int i = 0; i < capacity; ++i) {
        link_contact *c = slots + i;
        const vi here = exists & (place == splati(i));
        if (!any_lane(here)) continue;
        c->p = select3(c->p, *p, here);
        c->n = select3(c->n, *n, here);
        c->dist = select(c->dist, dist, here);
        c->R = select(c->R, R, here);
        c->b = select(c->b, splat(s->b), here);
        c->push = select(c->push, push, here);
        c->exists = c->exists | here;
        c->plus = select(c->plus, splati(of->plus), here);
        c->minus = select(c->minus, splati(of->minus), here);
        c->bodies = select(c->bodies, splati(of->bodies), here);
    }
}

// Two spheres; `aside` is the normal where their centres coincide.
PHASE void keep_spheres(link_contact *slots, int capacity, vi *count, vf *overflow, vi mask, const v3 *c1, const v3 *c2,
                        const v3 *aside, __constant geom_pair *of, __constant response *s) {
    const v3 between = minus3(*c2, *c1);
    const vf length = sqrt(dot3(between, between));
    const vf dist = length - (of->radius1 + of->radius2);
    const vi exists = mask & (dist < splat(of->margin));
    if (!any_lane(exists)) return;
    const vi apart = length >= 1e-6f;
    const v3 n = select3(*aside, scaled3(1.0f / length, between), apart);
    const v3 p = fma3(fma(dist, splat(0.5f), splat(of->radius1)), n, *c1);
    keep_contact(slots, capacity, count, overflow, exists, dist, &p, &n, of, s);
}

// Of length 1, or the x axis.
ALWAYS_INLINE v3 normal3(v3 v) {
    const vf square = dot3(v, v);
    const vi some = square > 1e-24f;
    return select3(vector(splat(1.0f), splat(0.0f), splat(0.0f)),
                   scaled3(1.0f / sqrt(select(splat(1.0f), square, some)), v), some);
}

// u1 and u2 are the half axes; a sphere's is zero and not read. Every lane is tested, whoever asked for it.
PHASE void keep_pair(link_contact *slots, int capacity, vi *count, vf *overflow, const v3 *c1, const v3 *u1,
                     const v3 *c2, const v3 *u2, __constant geom_pair *of, __constant response *s) {
    const vi all = splati(-1);
    if (of->kind == SPHERE_SPHERE) {
        const v3 aside = vector(splat(1.0f), splat(0.0f), splat(0.0f));
        keep_spheres(slots, capacity, count, overflow, all, c1, c2, &aside, of, s);
        return;
    }
    const vf mc = dot3(*u2, *u2);
    const v3 dif = minus3(*c1, *c2);
    const vf v = dot3(*u2, dif);
    if (of->kind == SPHERE_CAPSULE) {
        const v3 aside = vector(splat(1.0f), splat(0.0f), splat(0.0f)),
                 at = fma3(vclamp(v / mc, -1.0f, 1.0f), *u2, *c2);
        keep_spheres(slots, capacity, count, overflow, all, c1, &at, &aside, of, s);
        return;
    }
    const vf ma = dot3(*u1, *u1), mb = -dot3(*u1, *u2), u = -dot3(*u1, dif);
    const v3 w = cross3(*u1, *u2), aside = normal3(w);
    const vf det = dot3(w, w);
    const vi parallel = det < 1e-12f * ma * mc;
    const vf safe = select(det, splat(1.0f), parallel);
    const vf x1 = -dot3(w, cross3(dif, *u2)) / safe, x2 = dot3(w, cross3(*u1, dif)) / safe;
    const vf y1 = vclamp(x1, -1.0f, 1.0f), y2 = select(x2, fma(-mb, y1, v) / mc, y1 != x1),
             z2 = vclamp(y2, -1.0f, 1.0f);
    const vf z1 = select(y1, vclamp(fma(-mb, z2, u) / ma, -1.0f, 1.0f), z2 != y2);
    const v3 p1 = fma3(z1, *u1, *c1), p2 = fma3(z2, *u2, *c2);
    keep_spheres(slots, capacity, count, overflow, !parallel, &p1, &p2, &aside, of, s);
    if (!any_lane(parallel)) return;
    // The ends of the first against the second, then the ends of the second against the first, while there are fewer
    // than two.
    const vi before = *count;
    const vf spilled = *overflow;
    for (int i = 0; i < 4; ++i) {
        const vf end = splat(i % 2 == 0 ? 1.0f : -1.0f);
        const vf t1 = i < 2 ? end : vclamp(fma(-mb, end, u) / ma, -1.0f, 1.0f),
                 t2 = i < 2 ? vclamp(fma(-mb, end, v) / mc, -1.0f, 1.0f) : end;
        const v3 q1 = fma3(t1, *u1, *c1), q2 = fma3(t2, *u2, *c2);
        const vi room = to_float(*count - before) + (*overflow - spilled) < 2.0f;
        keep_spheres(slots, capacity, count, overflow, parallel & room, &q1, &q2, &aside, of, s);
    }
}

// MARK: Limits
typedef struct { vf sign, aref, D, u, u_old, w_old; vi exists, on, next; } limit_row;

PHASE void make_limit(limit_row *row, vf dist, vf sign, vi exists, vf v, float margin, float invweight,
                      __constant response *s) {
    const vf depth = dist - margin, d = impedance_of(s, depth);
    row->sign = sign;
    row->D = vmin(d / ((1.0f - d) * invweight), splat(1e15f));
    row->aref = fma(-s->b * sign, v, -s->k * d * depth);
    row->exists = exists;
}

// MARK: Helpers of the line search and the integrator
ALWAYS_INLINE void advance_row(vf *u_old, vf *w_old, vf u, vf D, vi on, vf step) {
    const vf w = select(splat(0.0f), D * u, on);
    const vi all = step == 1.0f;  // the old point may not be set yet
    *u_old = select(fma(step, u - *u_old, *u_old), u, all);
    *w_old = select(fma(step, w - *w_old, *w_old), w, all);
}
// The derivative of the cost along a step, of one row: M a - tau is -sum w J^T wherever a came from solves alone.
ALWAYS_INLINE vf row_slope(vf u_old, vf w_old, vf u, vf D, vi on, vf step) {
    const vf du = u - u_old;
    advance_row(&u_old, &w_old, u, D, on, step);
    return (D * vmin(u_old, splat(0.0f)) - w_old) * du;
}

// The rate of the rotation vector theta that led here from where the body turns at omega (Munthe-Kaas 1998, BIT 38:92,
// as MuJoCo 4 has it).
ALWAYS_INLINE v3 turn_rate(v3 theta, v3 omega) {
    const vf square = dot3(theta, theta);
    vf g = fma(square, fma(square, splat(1.0f / 30240.0f), splat(1.0f / 720.0f)), splat(1.0f / 12.0f));
    const vi far = square > 0.09f;
    if (any_lane(far)) {
        const vf angle = 0.5f * sqrt(square);
        vf s, c;
        sincos_angle(angle, &s, &c);
        g = select(g, (1.0f - angle * c / s) / square, far);
    }
    const v3 once = cross3(theta, omega);
    return fma3(g, cross3(theta, once), fma3(splat(0.5f), once, omega));
}
#endif

// MARK: The model's own
// A line of MODEL_FRAMES, parents first:
//   l, parent, type, q, d   its indices (-1: the world), and where its positions and velocities begin
//   q0, ox, oy, oz          position that the constants are for; origin in the parent's frame (of a slide, at q0)
//   xx to zz                its axes' components in the parent's frame
// A line of MODEL_MASSES:
//   mass, hx, hy, hz        kg; mass times centre of mass, kg m
//   base, s1, a, s2, b      moment of inertia base 1 + s1 a a^T + s2 b b^T about the origin, kg m^2
// A line of MODEL_LINKS (parents first) and MODEL_LINKS_UP (last first):
//   still                   1 where the origin is the parent's
//   armature to rest        of the joint
//   inner, outer            where what hangs on it is gathered, -1 if nothing does; the parent's place
//   first, floor, limit     1 where it is the first (of the reverse order) to add there; 1 where geoms of it can touch
//                           the floor; its row, or -1
#define FLOOR(link, body, geom, ends, contact, friction, answer, radius, height, margin, tran) \
    {link, body, geom, ends, contact, friction, answer, radius, height, margin, tran},
#define PAIR(kind, geom1, geom2, plus, minus, bodies, answer, reach, radius1, radius2, margin, tran) \
    {kind, geom1, geom2, plus, minus, bodies, answer, reach, radius1, radius2, margin, tran},
#define RESPONSE(k, b, d0, dw, width, mid, power) {k, b, d0, dw, width, mid, power},
#define GEOM(g, l, x, y, z, hx, hy, hz) l,
static __constant floor_pair MODEL(floors)[] = {MODEL_FLOORS(FLOOR) {0}};
static __constant geom_pair MODEL(pairs)[] = {MODEL_PAIRS(PAIR) {0}};
static __constant response MODEL(responses)[] = {MODEL_RESPONSES(RESPONSE) {0}};
static __constant int MODEL(geom_links)[] = {MODEL_GEOMS(GEOM) 0};
#undef FLOOR
#undef PAIR
#undef RESPONSE
#undef GEOM
typedef struct {
    vf q[MODEL_NQ], v[MODEL_NV], tau[MODEL_NV], right[MODEL_NV], a[MODEL_NV], control[MODEL_NV];
    rotation R[MODEL_LINK_COUNT];
    v3 r[MODEL_LINK_COUNT], h[MODEL_LINK_COUNT];
    symmetric I[MODEL_LINK_COUNT];
    inertia6 gathered[MODEL_PLACE_COUNT];
    v3 gathered_n[MODEL_PLACE_COUNT], gathered_f[MODEL_PLACE_COUNT];
    v3 Un[MODEL_LINK_COUNT], Uf[MODEL_LINK_COUNT];
    vf inverse[MODEL_LINK_COUNT], k[MODEL_LINK_COUNT];
    vf L[6][6], root_inverse[6];
    limit_row limit[MODEL_LIMIT_COUNT + 1];
} MODEL(work);
// What is indexed by tables.
typedef struct {
    v3 o[MODEL_LINK_COUNT], omega[MODEL_LINK_COUNT], v[MODEL_LINK_COUNT];  // origin, m; rad/s; of the origin, m/s
    v3 alpha[MODEL_LINK_COUNT], a[MODEL_LINK_COUNT];                       // rad/s^2; of the origin, m/s^2
    v3 centre[MODEL_GEOM_COUNT + 1], arm[MODEL_GEOM_COUNT + 1];  // from the link's origin; half axis of a capsule
    inertia6 K[MODEL_LINK_COUNT];                                          // of contacts with the floor
    v3 moment[MODEL_LINK_COUNT], force[MODEL_LINK_COUNT];
    vi touched[MODEL_LINK_COUNT];                                          // lanes that have such contacts
    floor_contact floor[MODEL_CONTACT_COUNT + 1];
    int present[MODEL_CONTACT_COUNT + 1], list[MODEL_CONTACT_COUNT + 1], listed;
#if MODEL_SLOTS
    link_contact slots[MODEL_SLOTS];
    vf row[MODEL_SLOTS][MODEL_NV], reply[MODEL_SLOTS][MODEL_NV];
    vi count;
    int used;
#endif
    vf overflow;
} MODEL(contacts);
#define WORK MODEL(work)
#define CONTACTS MODEL(contacts)

// MARK: Kinematics, velocities and the forces that keep qacc at zero
ALWAYS_INLINE void MODEL(move_link)(WORK *w, CONTACTS *t, int l, int parent, int type, int q, int d, float q0, float ox,
                                    float oy, float oz, float xx, float xy, float xz, float yx, float yy, float yz,
                                    float zx, float zy, float zz) {
    rotation *R = &w->R[l];
    if (type == FREE) {
        const vf qw = w->q[q + 3], qx = w->q[q + 4], qy = w->q[q + 5], qz = w->q[q + 6];
        const vf scale = 1.0f / sqrt(fma(qw, qw, fma(qx, qx, fma(qy, qy, qz * qz))));
        const vf a = qw * scale, b = qx * scale, c = qy * scale, e = qz * scale;
        R->x = vector(fma(-2.0f * c, c, fma(-2.0f * e, e, splat(1.0f))), 2.0f * fma(b, c, a * e),
                      2.0f * fma(b, e, -(a * c)));
        R->y = vector(2.0f * fma(b, c, -(a * e)), fma(-2.0f * b, b, fma(-2.0f * e, e, splat(1.0f))),
                      2.0f * fma(c, e, a * b));
        R->z = vector(2.0f * fma(b, e, a * c), 2.0f * fma(c, e, -(a * b)),
                      fma(-2.0f * b, b, fma(-2.0f * c, c, splat(1.0f))));
        t->o[l] = vector(w->q[q], w->q[q + 1], w->q[q + 2]);
        t->v[l] = vector(w->v[d], w->v[d + 1], w->v[d + 2]);
        t->omega[l] = fma3(w->v[d + 3], R->x, fma3(w->v[d + 4], R->y, scaled3(w->v[d + 5], R->z)));
        t->alpha[l] = zero3();
        t->a[l] = vector(splat(-MODEL_GRAVITY_X), splat(-MODEL_GRAVITY_Y), splat(-MODEL_GRAVITY_Z));
        return;
    }
    rotation up;
    if (parent < 0) {
        up.x = vector(splat(1.0f), splat(0.0f), splat(0.0f));
        up.y = vector(splat(0.0f), splat(1.0f), splat(0.0f));
        up.z = vector(splat(0.0f), splat(0.0f), splat(1.0f));
    } else {
        up = w->R[parent];
    }
    const vf speed = w->v[d];
    const v3 x = turned3(&up, xx, xy, xz), y = turned3(&up, yx, yy, yz), z = turned3(&up, zx, zy, zz);
    const int still = ox == 0.0f && oy == 0.0f && oz == 0.0f && type == HINGE;
    v3 r = turned3(&up, ox, oy, oz);
    if (type == HINGE) {
        vf s, c;
        sincos_angle(add_scaled(-q0, splat(1.0f), w->q[q]), &s, &c);
        R->x = fma3(s, y, scaled3(c, x));
        R->y = fma3(-s, x, scaled3(c, y));
    } else {
        R->x = x;
        R->y = y;
        r = fma3(add_scaled(-q0, splat(1.0f), w->q[q]), z, r);
    }
    R->z = z;
    w->r[l] = r;
    if (parent < 0) {
        t->o[l] = r;
        t->v[l] = type == SLIDE ? scaled3(speed, z) : zero3();
        t->omega[l] = type == SLIDE ? zero3() : scaled3(speed, z);
        t->alpha[l] = zero3();
        t->a[l] = vector(splat(-MODEL_GRAVITY_X), splat(-MODEL_GRAVITY_Y), splat(-MODEL_GRAVITY_Z));
        return;
    }
    const v3 omega = t->omega[parent], alpha = t->alpha[parent], along = cross3(omega, z);
    if (still) {
        t->o[l] = t->o[parent];
        t->v[l] = t->v[parent];
        t->a[l] = t->a[parent];
    } else {
        const v3 around = cross3(omega, r);
        t->o[l] = plus3(t->o[parent], r);
        t->v[l] = plus3(t->v[parent], around);
        t->a[l] = add_cross(add_cross(t->a[parent], alpha, r), omega, around);
    }
    if (type == HINGE) {
        t->omega[l] = fma3(speed, z, omega);
        t->alpha[l] = fma3(speed, along, alpha);
    } else {
        t->omega[l] = omega;
        t->alpha[l] = alpha;
        t->v[l] = fma3(speed, z, t->v[l]);
        t->a[l] = fma3(2.0f * speed, along, t->a[l]);
    }
}

// Inertia in world axes, and the force and moment about the origin that the motion takes.
ALWAYS_INLINE void MODEL(weigh_link)(WORK *w, CONTACTS *t, int l, float mass, float hx, float hy, float hz, float base,
                                     float s1, float ax, float ay, float az, float s2, float bx, float by, float bz) {
    const rotation R = w->R[l];
    const v3 h = turned3(&R, hx, hy, hz);
    symmetric I = diagonal(splat(base));
    if (s1 != 0.0f) add_square(&I, s1, turned3(&R, ax, ay, az));
    if (s2 != 0.0f) add_square(&I, s2, turned3(&R, bx, by, bz));
    w->I[l] = I;
    w->h[l] = h;
    const v3 omega = t->omega[l], alpha = t->alpha[l], a = t->a[l];
    if (hx == 0.0f && hy == 0.0f && hz == 0.0f) {
        t->force[l] = scaled3(splat(mass), a);
        t->moment[l] = add_cross(times(I, alpha), omega, times(I, omega));
    } else {
        t->force[l] = fma3(splat(mass), a, add_cross(cross3(alpha, h), omega, cross3(omega, h)));
        t->moment[l] = add_cross(add_cross(times(I, alpha), omega, times(I, omega)), h, a);
    }
}

PHASE void MODEL(move)(WORK *w, CONTACTS *t) {
#define FRAME(l, parent, type, q, d, q0, ox, oy, oz, xx, xy, xz, yx, yy, yz, zx, zy, zz) \
    MODEL(move_link)(w, t, l, parent, type, q, d, q0, ox, oy, oz, xx, xy, xz, yx, yy, yz, zx, zy, zz);
    MODEL_FRAMES(FRAME)
#undef FRAME
#define MASS(l, mass, hx, hy, hz, base, s1, ax, ay, az, s2, bx, by, bz) \
    MODEL(weigh_link)(w, t, l, mass, hx, hy, hz, base, s1, ax, ay, az, s2, bx, by, bz);
    MODEL_MASSES(MASS)
#undef MASS
#define GEOM(g, l, x, y, z, hx, hy, hz) \
    t->centre[g] = turned3(&w->R[l], x, y, z); \
    if (hx != 0.0f || hy != 0.0f || hz != 0.0f) t->arm[g] = turned3(&w->R[l], hx, hy, hz);
    MODEL_GEOMS(GEOM)
#undef GEOM
}

// Moment and force that come to a link from those that hang on it.
ALWAYS_INLINE void MODEL(hand_on)(WORK *w, int l, int outer, int first, int still, v3 n, v3 f) {
    if (outer < 0) return;
    if (!still) n = add_cross(n, w->r[l], f);
    if (first) {
        w->gathered_n[outer] = n;
        w->gathered_f[outer] = f;
    } else {
        w->gathered_n[outer] = plus3(w->gathered_n[outer], n);
        w->gathered_f[outer] = plus3(w->gathered_f[outer], f);
    }
}

// tau = passive - bias + actuator (Newton-Euler up the tree).
ALWAYS_INLINE void MODEL(balance_link)(WORK *w, CONTACTS *t, int l, int type, int q, int d, int still, float mass,
                                       float damping, float stiffness, float rest, int inner, int outer, int first) {
    v3 n, f;
    if (inner >= 0) {
        n = w->gathered_n[inner];
        f = w->gathered_f[inner];
        if (mass != 0.0f) {
            n = plus3(n, t->moment[l]);
            f = plus3(f, t->force[l]);
        }
    } else {
        n = mass != 0.0f ? t->moment[l] : zero3();
        f = mass != 0.0f ? t->force[l] : zero3();
    }
    if (type == FREE) {
        w->tau[d] = w->control[d] - f.x;
        w->tau[d + 1] = w->control[d + 1] - f.y;
        w->tau[d + 2] = w->control[d + 2] - f.z;
        w->tau[d + 3] = w->control[d + 3] - n.x;
        w->tau[d + 4] = w->control[d + 4] - n.y;
        w->tau[d + 5] = w->control[d + 5] - n.z;
        return;
    }
    vf tau = w->control[d] - dot3(w->R[l].z, type == HINGE ? n : f);
    tau = add_scaled(-damping, w->v[d], tau);
    if (stiffness != 0.0f) tau = add_scaled(-stiffness, add_scaled(-rest, splat(1.0f), w->q[q]), tau);
    w->tau[d] = tau;
    MODEL(hand_on)(w, l, outer, first, still, n, f);
}

PHASE void MODEL(balance)(WORK *w, CONTACTS *t) {
#define LINK(l, parent, type, q, d, still, mass, armature, damping, stiffness, rest, inner, outer, first, floor, \
             limit) \
    MODEL(balance_link)(w, t, l, type, q, d, still, mass, damping, stiffness, rest, inner, outer, first);
    MODEL_LINKS_UP(LINK)
#undef LINK
}

// MARK: Constraints
// A capsule's two ends have places c and c + 1.
PHASE void MODEL(find_floor)(CONTACTS *t, __global const float *settings_in) {
    t->listed = 0;
    int last = -1;
    for (int i = 0; i < MODEL_FLOOR_COUNT; ++i) {
        __constant floor_pair *of = &MODEL(floors)[i];
        const int l = of->link, g = of->geom, ends = of->ends, c = of->contact;
        const float margin = of->margin;
        if (l != last) t->touched[l] = splati(0);
        last = l;
        const vf height = t->o[l].z + t->centre[g].z - (of->height + of->radius);
        const vf lift = ends == 2 ? t->arm[g].z : splat(0.0f);
        if (!any_lane(height - fabs(lift) < splat(margin))) {
            for (int k = 0; k < ends; ++k)
                if (t->present[c + k]) {
                    t->present[c + k] = 0;
                    t->floor[c + k].on = splati(0);
                }
            continue;
        }
        vf tx = splat(0.0f), ty = splat(1.0f);
        if (ends == 2) {
            const v3 u = t->arm[g];
            const vf square = fma(u.x, u.x, u.y * u.y);
            const vi some = square > 1e-14f * dot3(u, u);
            const vf scale = 1.0f / sqrt(select(splat(1.0f), square, some));
            tx = select(splat(1.0f), u.x * scale, some);
            ty = select(splat(0.0f), u.y * scale, some);
        }
        for (int k = 0; k < ends; ++k) {
            floor_contact *contact = &t->floor[c + k];
            const vf dist = k == 0 ? height + lift : height - lift;
            const vi exists = dist < splat(margin);
            const int was = t->present[c + k];
            t->present[c + k] = any_lane(exists);
            if (!t->present[c + k]) {
                if (was) contact->on = splati(0);
                continue;
            }
            v3 ball = t->centre[g];
            if (ends == 2) ball = k == 0 ? plus3(ball, t->arm[g]) : minus3(ball, t->arm[g]);
            const vi known = was ? contact->exists : splati(0);
            contact->link = l;
            contact->body = of->body;
            make_floor_contact(contact, dist, exists, &ball, tx, ty, of->radius, margin, of->tran,
                               settings_in[SETTING_COUNT + of->friction], &MODEL(responses)[of->answer], &t->omega[l],
                               &t->v[l]);
            // A contact that was there at the last stage starts with the rows that acted then, a new one with those
            // that would without acceleration.
            const v3 r = contact->reference;
            const vi guess = active_rows(contact, vector(-r.x, -r.y, -r.z));
            contact->on = select(guess, select(splati(0), contact->on, exists), known);
            t->touched[l] = t->touched[l] | exists;
            t->list[t->listed++] = c + k;
        }
    }
}

ALWAYS_INLINE void MODEL(find_limit)(WORK *w, int k, int q, int d, float low, float high, float margin, float invweight,
                                     int answer) {
    limit_row *row = &w->limit[k];
    const vf below = w->q[q] - low, above = high - w->q[q];
    const vi lower = below < above;
    const vf dist = select(above, below, lower);
    const vi exists = dist < splat(margin);
    if (any_lane(exists)) {
        const vi known = row->exists;
        make_limit(row, dist, select(splat(-1.0f), splat(1.0f), lower), exists, w->v[d], margin, invweight,
                   &MODEL(responses)[answer]);
        row->on = select(exists & (row->aref > 0.0f), exists & row->on, known);
    } else {
        row->exists = splati(0);
        row->on = splati(0);
    }
}

PHASE void MODEL(find_limits)(WORK *w) {
#define LIMIT(k, q, d, low, high, margin, invweight, answer) \
    MODEL(find_limit)(w, k, q, d, low, high, margin, invweight, answer);
    MODEL_LIMITS(LIMIT)
#undef LIMIT
}

#if MODEL_SLOTS
ALWAYS_INLINE void MODEL(row_entry)(const WORK *w, const CONTACTS *t, int i, int l, int type, int d) {
    link_contact *c = (link_contact *)&t->slots[i];
    const vi plus = (c->plus & (1 << l)) != 0, minus = (c->minus & (1 << l)) != 0;
    vf *entry = (vf *)&t->row[i][d];
    *entry = splat(0.0f);
    if (!any_lane(plus | minus)) return;
    const v3 z = w->R[l].z;
    const vf along = type == HINGE ? dot3(z, cross3(minus3(c->p, t->o[l]), c->n)) : dot3(z, c->n);
    *entry = select(select(splat(0.0f), along, plus), -along, minus);
}

// Contacts of two links, and their rows. The sphere around each geom decides who is looked at.
PHASE void MODEL(find_pairs)(WORK *w, CONTACTS *t) {
    t->count = splati(0);
    t->used = 0;
    v3 centre[MODEL_GEOM_COUNT];
    for (int g = 0; g < MODEL_GEOM_COUNT; ++g) centre[g] = plus3(t->o[MODEL(geom_links)[g]], t->centre[g]);
    for (int i = 0; i < MODEL_PAIR_COUNT; ++i) {
        __constant geom_pair *of = &MODEL(pairs)[i];
        const v3 between = minus3(centre[of->geom2], centre[of->geom1]);
        if (!any_lane(dot3(between, between) < splat(of->reach))) continue;
        if (t->used == 0) {
            for (int k = 0; k < MODEL_SLOTS; ++k) t->slots[k].exists = splati(0);
            t->used = MODEL_SLOTS;
        }
        keep_pair(t->slots, MODEL_SLOTS, &t->count, &t->overflow, &centre[of->geom1], &t->arm[of->geom1],
                  &centre[of->geom2], &t->arm[of->geom2], of, &MODEL(responses)[of->answer]);
    }
    int used = 0;
    while (used < t->used && any_lane(t->count > splati(used))) ++used;
    t->used = used;
    for (int i = 0; i < used; ++i) {
        link_contact *c = &t->slots[i];
        // What is left from another time must not be looked at.
        c->plus = select(splati(0), c->plus, c->exists);
        c->minus = select(splati(0), c->minus, c->exists);
#define LINK(l, parent, type, q, d, still, mass, armature, damping, stiffness, rest, inner, outer, first, floor, \
             limit) \
        if (type != FREE) MODEL(row_entry)(w, t, i, l, type, d);
        MODEL_LINKS(LINK)
#undef LINK
        vf speed = splat(0.0f);
        for (int d = MODEL_FIRST_DOF; d < MODEL_NV; ++d) speed = fma(t->row[i][d], w->v[d], speed);
        c->aref = fma(-c->b, speed, -c->push);
        c->on = c->exists & (c->aref > 0.0f);
    }
}
#endif

// MARK: M and H, applied to the left
// Articulated inertias. `stiff`: with what the active constraints add; else with the damping that Euler's step makes
// implicit.
ALWAYS_INLINE void MODEL(factor_link)(WORK *w, CONTACTS *t, int stiff, int l, int type, int d, int still, float mass,
                                      float armature, float damping, int inner, int outer, int first, int floor,
                                      int limit) {
    inertia6 m;
    if (inner >= 0) m = mass != 0.0f ? with_rigid(w->gathered[inner], w->I[l], w->h[l], mass) : w->gathered[inner];
    else m = rigid6(w->I[l], w->h[l], mass);
    if (floor && stiff && any_lane(t->touched[l])) m = chosen6(m, sum6(m, t->K[l]), t->touched[l]);
    if (type == FREE) {
        // L^T D L of the whole 6x6 matrix, the accelerations first, then the rotations.
        vf S[6][6];
        S[0][0] = m.C.xx; S[1][0] = m.C.xy; S[1][1] = m.C.yy; S[2][0] = m.C.xz; S[2][1] = m.C.yz; S[2][2] = m.C.zz;
        S[3][0] = m.bx.x; S[3][1] = m.bx.y; S[3][2] = m.bx.z; S[3][3] = m.A.xx;
        S[4][0] = m.by.x; S[4][1] = m.by.y; S[4][2] = m.by.z; S[4][3] = m.A.xy; S[4][4] = m.A.yy;
        S[5][0] = m.bz.x; S[5][1] = m.bz.y; S[5][2] = m.bz.z; S[5][3] = m.A.xz; S[5][4] = m.A.yz; S[5][5] = m.A.zz;
        UNROLL for (int k = 0; k < 6; ++k) {
            const vf inverse = 1.0f / S[k][k];
            w->root_inverse[k] = inverse;
            UNROLL for (int i = 0; i < 6; ++i) {
                if (i <= k) continue;
                const vf factor = S[i][k] * inverse;
                w->L[i][k] = factor;
                UNROLL for (int j = 0; j < 6; ++j)
                    if (j > k && j <= i) S[i][j] = fma(-factor, S[j][k], S[i][j]);
            }
        }
        return;
    }
    const v3 z = w->R[l].z;
    v3 n, f;
    vf D;
    if (type == HINGE) {
        n = times(m.A, z);
        f = fma3(z.x, m.bx, fma3(z.y, m.by, scaled3(z.z, m.bz)));
        D = dot3(z, n) + armature;
    } else {
        n = vector(dot3(m.bx, z), dot3(m.by, z), dot3(m.bz, z));
        f = times(m.C, z);
        D = dot3(z, f) + armature;
    }
    if (limit >= 0 && stiff && any_lane(w->limit[limit].on)) D = select(D, D + w->limit[limit].D, w->limit[limit].on);
#if MODEL_EULER
    if (!stiff) D = D + damping * MODEL_H;
#endif
    const vf inverse = 1.0f / D;
    w->Un[l] = n;
    w->Uf[l] = f;
    w->inverse[l] = inverse;
    if (outer < 0) return;
    const v3 kn = scaled3(inverse, n), kf = scaled3(inverse, f);
    take_square(&m.A, kn, n);
    take_square(&m.C, kf, f);
    m.bx = fma3(-kn.x, f, m.bx);
    m.by = fma3(-kn.y, f, m.by);
    m.bz = fma3(-kn.z, f, m.bz);
    if (!still) m = moved6(m, w->r[l]);
    w->gathered[outer] = first ? m : sum6(w->gathered[outer], m);
}

PHASE void MODEL(factor)(WORK *w, CONTACTS *t, int stiff) {
#define LINK(l, parent, type, q, d, still, mass, armature, damping, stiffness, rest, inner, outer, first, floor, \
             limit) \
    MODEL(factor_link)(w, t, stiff, l, type, d, still, mass, armature, damping, inner, outer, first, floor, limit);
    MODEL_LINKS_UP(LINK)
#undef LINK
}

// What a link's joint cannot carry goes on to the parent. `loaded`: with the contacts' forces.
ALWAYS_INLINE void MODEL(pass_up)(WORK *w, CONTACTS *t, const vf *right, int loaded, int l, int type, int d, int still,
                                  int inner, int outer, int first, int floor) {
    v3 n = zero3(), f = zero3();
    if (inner >= 0) {
        n = w->gathered_n[inner];
        f = w->gathered_f[inner];
    }
    if (floor && loaded && any_lane(t->touched[l])) {
        n = select3(n, minus3(n, t->moment[l]), t->touched[l]);
        f = select3(f, minus3(f, t->force[l]), t->touched[l]);
    }
    if (type == FREE) {
        vf x[6];
        x[0] = right[d] - f.x; x[1] = right[d + 1] - f.y; x[2] = right[d + 2] - f.z;
        x[3] = right[d + 3] - n.x; x[4] = right[d + 4] - n.y; x[5] = right[d + 5] - n.z;
        UNROLL for (int k = 0; k < 6; ++k)
            UNROLL for (int i = 0; i < 6; ++i)
                if (i > k) x[i] = fma(-w->L[i][k], x[k], x[i]);
        UNROLL for (int k = 0; k < 6; ++k) x[k] = x[k] * w->root_inverse[k];
        UNROLL for (int j = 0; j < 6; ++j) {
            const int k = 5 - j;
            UNROLL for (int i = 0; i < 6; ++i)
                if (i > k) x[k] = fma(-w->L[i][k], x[i], x[k]);
        }
        t->a[l] = vector(x[0], x[1], x[2]);
        t->alpha[l] = vector(x[3], x[4], x[5]);
        return;
    }
    const vf k = (right[d] - dot3(w->R[l].z, type == HINGE ? n : f)) * w->inverse[l];
    w->k[l] = k;
    MODEL(hand_on)(w, l, outer, first, still, fma3(k, w->Un[l], n), fma3(k, w->Uf[l], f));
}

// The accelerations of a link's origin and joint, from the parent's.
ALWAYS_INLINE void MODEL(pass_down)(WORK *w, CONTACTS *t, vf *a, int given, int l, int parent, int type, int d,
                                    int still) {
    if (type == FREE) {
        if (given) {
            t->a[l] = vector(a[d], a[d + 1], a[d + 2]);
            t->alpha[l] = vector(a[d + 3], a[d + 4], a[d + 5]);
        } else {
            a[d] = t->a[l].x; a[d + 1] = t->a[l].y; a[d + 2] = t->a[l].z;
            a[d + 3] = t->alpha[l].x; a[d + 4] = t->alpha[l].y; a[d + 5] = t->alpha[l].z;
        }
        return;
    }
    const v3 z = w->R[l].z;
    if (parent < 0) {
        if (!given) a[d] = w->k[l];
        t->alpha[l] = type == HINGE ? scaled3(a[d], z) : zero3();
        t->a[l] = type == HINGE ? zero3() : scaled3(a[d], z);
        return;
    }
    const v3 alpha = t->alpha[parent], linear = still ? t->a[parent] : add_cross(t->a[parent], alpha, w->r[l]);
    if (!given) a[d] = fma(-w->inverse[l], dot3(w->Un[l], alpha) + dot3(w->Uf[l], linear), w->k[l]);
    t->alpha[l] = type == HINGE ? fma3(a[d], z, alpha) : alpha;
    t->a[l] = type == HINGE ? linear : fma3(a[d], z, linear);
}

// a = H^-1 (right + the contacts' forces), and the links' accelerations.
PHASE void MODEL(apply_inverse)(WORK *w, CONTACTS *t, const vf *right, int loaded, vf *a) {
#define LINK(l, parent, type, q, d, still, mass, armature, damping, stiffness, rest, inner, outer, first, floor, \
             limit) \
    MODEL(pass_up)(w, t, right, loaded, l, type, d, still, inner, outer, first, floor);
    MODEL_LINKS_UP(LINK)
#undef LINK
#define LINK(l, parent, type, q, d, still, mass, armature, damping, stiffness, rest, inner, outer, first, floor, \
             limit) \
    MODEL(pass_down)(w, t, a, 0, l, parent, type, d, still);
    MODEL_LINKS(LINK)
#undef LINK
}

// The links' accelerations for given ones of the joints.
PHASE void MODEL(spread)(WORK *w, CONTACTS *t, vf *a) {
#define LINK(l, parent, type, q, d, still, mass, armature, damping, stiffness, rest, inner, outer, first, floor, \
             limit) \
    MODEL(pass_down)(w, t, a, 1, l, parent, type, d, still);
    MODEL_LINKS(LINK)
#undef LINK
}

// MARK: Solver
#if MODEL_SLOTS
// a += Y f with (J Y + R) f = aref - J a over the active slots, Y = H^-1 J^T.
PHASE void MODEL(add_slots)(WORK *w, CONTACTS *t) {
    const int n = t->used;
    vf G[MODEL_SLOTS][MODEL_SLOTS], f[MODEL_SLOTS];
    for (int i = 0; i < n; ++i) {
        link_contact *c = &t->slots[i];
        vf sum = c->aref;
        for (int d = MODEL_FIRST_DOF; d < MODEL_NV; ++d) sum = fma(-t->row[i][d], w->a[d], sum);
        f[i] = select(splat(0.0f), sum, c->on);
    }
    for (int i = 0; i < n; ++i) {
        link_contact *c = &t->slots[i];
        if (!any_lane(c->on)) {
            for (int j = 0; j <= i; ++j) G[i][j] = splat(i == j ? 1.0f : 0.0f);
            for (int j = i + 1; j < n; ++j) G[j][i] = splat(0.0f);
            continue;
        }
        for (int d = 0; d < MODEL_FIRST_DOF; ++d) t->row[i][d] = splat(0.0f);
        MODEL(apply_inverse)(w, t, t->row[i], 0, t->reply[i]);
        for (int j = i; j < n; ++j) {
            vf sum = splat(0.0f);
            for (int d = MODEL_FIRST_DOF; d < MODEL_NV; ++d) sum = fma(t->row[j][d], t->reply[i][d], sum);
            if (i == j) sum = select(splat(1.0f), sum + c->R, c->on);
            else sum = select(splat(0.0f), sum, c->on & t->slots[j].on);
            G[j][i] = sum;
        }
    }
    for (int k = 0; k < n; ++k) {
        const vf inverse = 1.0f / G[k][k];
        for (int i = k + 1; i < n; ++i) {
            const vf factor = G[i][k] * inverse;
            for (int j = k + 1; j <= i; ++j) G[i][j] = fma(-factor, G[j][k], G[i][j]);
            f[i] = select(f[i], fma(-factor, f[k], f[i]), t->slots[i].on);
        }
    }
    for (int k = n - 1; k >= 0; --k) {
        vf sum = f[k];
        for (int i = k + 1; i < n; ++i) sum = select(sum, fma(-G[i][k], f[i], sum), t->slots[i].on);
        f[k] = sum / G[k][k];
    }
    for (int i = 0; i < n; ++i) {
        link_contact *c = &t->slots[i];
        c->f = f[i];
        if (!any_lane(c->on)) continue;
        for (int d = 0; d < MODEL_NV; ++d) w->a[d] = select(w->a[d], fma(f[i], t->reply[i][d], w->a[d]), c->on);
    }
    MODEL(spread)(w, t, w->a);
}
#endif

// The force of the limits that act, beside tau.
ALWAYS_INLINE void MODEL(load_limit)(WORK *w, int k, int d) {
    const limit_row *row = &w->limit[k];
    if (any_lane(row->on)) w->right[d] = select(w->right[d], fma(row->sign * row->D, row->aref, w->right[d]), row->on);
}
ALWAYS_INLINE vi MODEL(test_limit)(WORK *w, int k, int d) {
    limit_row *row = &w->limit[k];
    row->next = splati(0);
    if (!any_lane(row->exists)) return splati(0);
    row->u = fma(row->sign, w->a[d], -row->aref);
    row->next = row->exists & (row->u < 0.0f);
    return row->next != row->on;
}

// a = H(A)^-1 (tau + sum over A of D J^T aref) for the set A that `on` holds; the lanes in which that a asks for
// another set.
PHASE vi MODEL(newton_step)(WORK *w, CONTACTS *t) {
    for (int d = 0; d < MODEL_NV; ++d) w->right[d] = w->tau[d];
    int last = -1;
    for (int i = 0; i < t->listed; ++i) {
        const int c = t->list[i], l = t->floor[c].link;
        load_floor_contact(&t->K[l], &t->moment[l], &t->force[l], &t->floor[c], l != last);
        last = l;
    }
#define LIMIT(k, q, d, low, high, margin, invweight, answer) MODEL(load_limit)(w, k, d);
    MODEL_LIMITS(LIMIT)
#undef LIMIT
    MODEL(factor)(w, t, 1);
    MODEL(apply_inverse)(w, t, w->right, 1, w->a);
    vi changed = splati(0);
#if MODEL_SLOTS
    if (t->used) {
        MODEL(add_slots)(w, t);
        for (int i = 0; i < t->used; ++i) {
            link_contact *c = &t->slots[i];
            vf sum = -c->aref;
            for (int d = MODEL_FIRST_DOF; d < MODEL_NV; ++d) sum = fma(t->row[i][d], w->a[d], sum);
            c->u = select(sum, -c->f * c->R, c->on);
            c->next = c->exists & (c->u < 0.0f);
            changed = changed | (c->next != c->on);
        }
    }
#endif
    for (int i = 0; i < t->listed; ++i) {
        const int c = t->list[i], l = t->floor[c].link;
        changed = changed | test_floor_contact(&t->floor[c], &t->alpha[l], &t->a[l]);
    }
#define LIMIT(k, q, d, low, high, margin, invweight, answer) changed = changed | MODEL(test_limit)(w, k, d);
    MODEL_LIMITS(LIMIT)
#undef LIMIT
    return changed;
}

// Moves the point that the line search starts from by `step` towards the newest solve, and says which rows act there.
PHASE void MODEL(move_point)(WORK *w, CONTACTS *t, vf step) {
    for (int i = 0; i < t->listed; ++i) {
        floor_contact *c = &t->floor[t->list[i]];
        vf u_old[4], u[4];
        rows_of(c, c->e_old, u_old);
        rows_of(c, c->e, u);
        for (int k = 0; k < 4; ++k) advance_row(&u_old[k], &c->w_old[k], u[k], c->D, (c->on & (1 << k)) != 0, step);
        c->e_old = select3(fma3(step, minus3(c->e, c->e_old), c->e_old), c->e, step == 1.0f);
        c->next = active_rows(c, c->e_old);
    }
    for (int k = 0; k < MODEL_LIMIT_COUNT; ++k) {
        limit_row *row = &w->limit[k];
        if (!any_lane(row->exists)) continue;
        advance_row(&row->u_old, &row->w_old, row->u, row->D, row->on, step);
        row->next = row->exists & (row->u_old < 0.0f);
    }
#if MODEL_SLOTS
    for (int i = 0; i < t->used; ++i) {
        link_contact *c = &t->slots[i];
        advance_row(&c->u_old, &c->w_old, c->u, 1.0f / c->R, c->on, step);
        c->next = c->exists & (c->u_old < 0.0f);
    }
#endif
}

PHASE vf MODEL(slope)(WORK *w, CONTACTS *t, vf step) {
    vf sum = splat(0.0f);
    for (int i = 0; i < t->listed; ++i) {
        floor_contact *c = &t->floor[t->list[i]];
        vf u_old[4], u[4];
        rows_of(c, c->e_old, u_old);
        rows_of(c, c->e, u);
        for (int k = 0; k < 4; ++k) {
            const vf part = row_slope(u_old[k], c->w_old[k], u[k], c->D, (c->on & (1 << k)) != 0, step);
            sum = select(sum, sum + part, c->exists);
        }
    }
    for (int k = 0; k < MODEL_LIMIT_COUNT; ++k) {
        limit_row *row = &w->limit[k];
        if (any_lane(row->exists))
            sum = select(sum, sum + row_slope(row->u_old, row->w_old, row->u, row->D, row->on, step), row->exists);
    }
#if MODEL_SLOTS
    for (int i = 0; i < t->used; ++i) {
        link_contact *c = &t->slots[i];
        sum = select(sum, sum + row_slope(c->u_old, c->w_old, c->u, 1.0f / c->R, c->on, step), c->exists);
    }
#endif
    return sum;
}

// The cost's minimum between the last point and the newest solve: its derivative rises along the way, so the root is
// bracketed.
PHASE void MODEL(search_line)(WORK *w, CONTACTS *t) {
    vf low = splat(0.0f), high = splat(1.0f);
    const vi whole = MODEL(slope)(w, t, high) <= 0.0f;
    for (int i = 0; i < 16; ++i) {
        const vf middle = 0.5f * (low + high);
        const vi rising = MODEL(slope)(w, t, middle) > 0.0f;
        high = select(high, middle, rising);
        low = select(middle, low, rising);
    }
    MODEL(move_point)(w, t, select(high, splat(1.0f), whole));
}

// Lanes that go on take the new set; the others keep theirs, and with it their a, bit for bit.
PHASE void MODEL(take_sets)(WORK *w, CONTACTS *t, vi running) {
    for (int i = 0; i < t->listed; ++i) {
        floor_contact *c = &t->floor[t->list[i]];
        c->on = select(c->on, c->next, running);
    }
    for (int k = 0; k < MODEL_LIMIT_COUNT; ++k) {
        limit_row *row = &w->limit[k];
        row->on = select(row->on, row->next, running);
    }
#if MODEL_SLOTS
    for (int i = 0; i < t->used; ++i) t->slots[i].on = select(t->slots[i].on, t->slots[i].next, running);
#endif
}

// Newton on the active set. After the fifth step the next set is that of the cost's minimum on the way.
PHASE void MODEL(solve)(WORK *w, CONTACTS *t) {
    vi running = splati(-1);
    for (int i = 0; i < MODEL_ITERATIONS; ++i) {
        running = running & MODEL(newton_step)(w, t);
        if (i + 1 == MODEL_ITERATIONS || !any_lane(running)) break;
        if (i == 4) MODEL(move_point)(w, t, splat(1.0f));
        if (i > 4) MODEL(search_line)(w, t);
        MODEL(take_sets)(w, t, running);
    }
}

#if MODEL_EULER
// (M + h damping)^-1 M a: M a is tau and the forces that the constraints ended with.
PHASE void MODEL(soften)(WORK *w, CONTACTS *t) {
    for (int d = 0; d < MODEL_NV; ++d) w->right[d] = w->tau[d];
    int last = -1;
    for (int i = 0; i < t->listed; ++i) {
        const floor_contact *c = &t->floor[t->list[i]];
        const int l = c->link;
        const v3 f = force_of(c), n = cross3(c->rho, f);
        t->moment[l] = select3(l == last ? t->moment[l] : zero3(), l == last ? plus3(t->moment[l], n) : n, c->exists);
        t->force[l] = select3(l == last ? t->force[l] : zero3(), l == last ? plus3(t->force[l], f) : f, c->exists);
        last = l;
    }
#define LIMIT(k, q, d, low, high, margin, invweight, answer) \
    if (any_lane(w->limit[k].on)) \
        w->right[d] = select(w->right[d], fma(-w->limit[k].D * w->limit[k].u, w->limit[k].sign, w->right[d]), \
                             w->limit[k].on);
    MODEL_LIMITS(LIMIT)
#undef LIMIT
#if MODEL_SLOTS
    for (int i = 0; i < t->used; ++i)
        for (int d = MODEL_FIRST_DOF; d < MODEL_NV; ++d)
            w->right[d] = select(w->right[d], fma(t->slots[i].f, t->row[i][d], w->right[d]), t->slots[i].on);
#endif
    MODEL(factor)(w, t, 0);
    MODEL(apply_inverse)(w, t, w->right, 1, w->a);
}
#endif

PHASE void MODEL(forward)(WORK *w, CONTACTS *t, __global const float *settings_in) {
    MODEL(move)(w, t);
    MODEL(balance)(w, t);
    MODEL(find_floor)(t, settings_in);
#if MODEL_SLOTS
    MODEL(find_pairs)(w, t);
#endif
    MODEL(find_limits)(w);
    MODEL(solve)(w, t);
}

// MARK: Integrators
#if MODEL_FREE
// q times exp(turn / 2), normalised. turn is in the body's axes.
ALWAYS_INLINE void MODEL(turn_root)(const vf *from, v3 turn, vf *to) {
    const vf square = dot3(turn, turn), angle = sqrt(square);
    vf s, c;
    sincos_angle(0.5f * angle, &s, &c);
    const vi some = angle > 1e-4f;
    const vf scale = select(fma(square, splat(-1.0f / 48.0f), splat(0.5f)), s / select(splat(1.0f), angle, some), some);
    const vf x = turn.x * scale, y = turn.y * scale, z = turn.z * scale;
    const vf w0 = from[3], x0 = from[4], y0 = from[5], z0 = from[6];
    const vf w1 = fma(w0, c, -fma(x0, x, fma(y0, y, z0 * z))), x1 = fma(w0, x, fma(x0, c, fma(y0, z, -(z0 * y))));
    const vf y1 = fma(w0, y, fma(y0, c, fma(z0, x, -(x0 * z)))), z1 = fma(w0, z, fma(z0, c, fma(x0, y, -(y0 * x))));
    const vf inverse = 1.0f / sqrt(fma(w1, w1, fma(x1, x1, fma(y1, y1, z1 * z1))));
    to[3] = w1 * inverse;
    to[4] = x1 * inverse;
    to[5] = y1 * inverse;
    to[6] = z1 * inverse;
}
#endif

// to = from (+) h rate
ALWAYS_INLINE void MODEL(go)(const vf *from, const vf *rate, float h, vf *to) {
#if MODEL_FREE
    UNROLL for (int d = 0; d < 3; ++d) to[d] = fma(splat(h), rate[d], from[d]);
    vf start[7];
    UNROLL for (int d = 3; d < 7; ++d) start[d] = from[d];
    MODEL(turn_root)(start, vector(h * rate[3], h * rate[4], h * rate[5]), to);
    for (int d = 6; d < MODEL_NV; ++d) to[d + 1] = fma(splat(h), rate[d], from[d + 1]);
#else
    for (int d = 0; d < MODEL_NV; ++d) to[d] = fma(splat(h), rate[d], from[d]);
#endif
}

// qacc has the free joint's rotation in the body's axes.
ALWAYS_INLINE void MODEL(own_axes)(WORK *w) {
#if MODEL_FREE
    const v3 alpha = vector(w->a[3], w->a[4], w->a[5]);
    const rotation R = w->R[0];
    w->a[3] = dot3(R.x, alpha);
    w->a[4] = dot3(R.y, alpha);
    w->a[5] = dot3(R.z, alpha);
#endif
}

PHASE void MODEL(physics_step)(WORK *w, CONTACTS *t, __global const float *settings_in) {
#if MODEL_EULER
    MODEL(forward)(w, t, settings_in);
    MODEL(soften)(w, t);
    MODEL(own_axes)(w);
    for (int d = 0; d < MODEL_NV; ++d) w->v[d] = fma(splat(MODEL_H), w->a[d], w->v[d]);
    MODEL(go)(w->q, w->v, MODEL_H, w->q);
#else
    vf q0[MODEL_NQ], v0[MODEL_NV], rate[MODEL_NV], rates[MODEL_NV], sum[MODEL_NV];
    for (int c = 0; c < MODEL_NQ; ++c) q0[c] = w->q[c];
    for (int d = 0; d < MODEL_NV; ++d) v0[d] = w->v[d];
    for (int stage = 0; stage < 4; ++stage) {
        MODEL(forward)(w, t, settings_in);
        MODEL(own_axes)(w);
        const float ahead = stage < 2 ? 0.5f * MODEL_H : MODEL_H;
        const float weight = stage == 1 || stage == 2 ? 2.0f : 1.0f;
#if MODEL_FREE
        const float behind = stage == 3 ? MODEL_H : 0.5f * MODEL_H;
        const v3 omega = vector(w->v[3], w->v[4], w->v[5]),
                 theta = vector(behind * rate[3], behind * rate[4], behind * rate[5]);
        const v3 turning = stage == 0 ? omega : turn_rate(theta, omega);
#endif
        for (int d = 0; d < MODEL_NV; ++d) rate[d] = w->v[d];
#if MODEL_FREE
        rate[3] = turning.x;
        rate[4] = turning.y;
        rate[5] = turning.z;
#endif
        for (int d = 0; d < MODEL_NV; ++d) {
            rates[d] = stage == 0 ? rate[d] : fma(splat(weight), rate[d], rates[d]);
            sum[d] = stage == 0 ? w->a[d] : fma(splat(weight), w->a[d], sum[d]);
        }
        if (stage < 3) {
            for (int d = 0; d < MODEL_NV; ++d) w->v[d] = fma(splat(ahead), w->a[d], v0[d]);
            MODEL(go)(q0, rate, ahead, w->q);
        } else {
            for (int d = 0; d < MODEL_NV; ++d) w->v[d] = fma(splat(MODEL_H / 6.0f), sum[d], v0[d]);
            MODEL(go)(q0, rates, MODEL_H / 6.0f, w->q);
        }
    }
#endif
}

// MARK: The task
// State: qpos, qvel, how far the root travelled in x and y before the running step, and where the last step's progress
// was read.
#define AT_TRAVELLED (MODEL_NQ + MODEL_NV)
#define AT_PROGRESS (MODEL_NQ + MODEL_NV + 2)
// Observation: qpos, qvel, cinert, cvel, qfrc_actuator, cfrc_ext, 0. Without MODEL_CINERT, MODEL_CVEL or MODEL_FORCES
// that part is left as it is.
#define AT_CINERT (MODEL_NQ + MODEL_NV)
#define AT_CVEL (AT_CINERT + 10 * MODEL_BODY_COUNT)
#define AT_ACTUATOR (AT_CVEL + 6 * MODEL_BODY_COUNT)
#define AT_FORCES (AT_ACTUATOR + MODEL_NV)

ALWAYS_INLINE v3 MODEL(mass_centre)(WORK *w, CONTACTS *t) {
    v3 sum = zero3();   // about the root, which is nearer than the origin
#define LINK(l, parent, type, q, d, still, mass, armature, damping, stiffness, rest, inner, outer, first, floor, \
             limit) \
    if (mass != 0.0f) sum = plus3(sum, l == 0 ? w->h[l] : fma3(splat(mass), minus3(t->o[l], t->o[0]), w->h[l]));
    MODEL_LINKS(LINK)
#undef LINK
    return plus3(t->o[0], scaled3(splat(1.0f / MODEL_MASS), sum));
}

// x of what the reward follows; it lags, because it is of the last forward pass.
ALWAYS_INLINE vf MODEL(progress)(WORK *w, CONTACTS *t) {
#if MODEL_PROGRESS == 0
    return w->q[MODEL_ROOT_X];
#elif MODEL_PROGRESS == 1
    return t->o[0].x;
#else
    return MODEL(mass_centre)(w, t).x;
#endif
}

// A body's inertia about the whole centre of mass, and its velocity there.
ALWAYS_INLINE void MODEL(observe_body)(WORK *w, CONTACTS *t, v3 centre, vf *obs, int b, int l, float mass, float cx,
                                       float cy, float cz, float base, float s1, float ax, float ay, float az, float s2,
                                       float bx, float by, float bz) {
#if MODEL_CINERT
    const v3 o = minus3(plus3(t->o[l], turned3(&w->R[l], cx, cy, cz)), centre);
    symmetric I = diagonal(fma(splat(mass), dot3(o, o), splat(base)));
    if (s1 != 0.0f) add_square(&I, s1, turned3(&w->R[l], ax, ay, az));
    if (s2 != 0.0f) add_square(&I, s2, turned3(&w->R[l], bx, by, bz));
    add_square(&I, -mass, o);
    vf *inertia = obs + AT_CINERT + 10 * b;
    inertia[0] = I.xx; inertia[1] = I.yy; inertia[2] = I.zz; inertia[3] = I.xy; inertia[4] = I.xz; inertia[5] = I.yz;
    inertia[6] = mass * o.x; inertia[7] = mass * o.y; inertia[8] = mass * o.z; inertia[9] = splat(mass);
#endif
#if MODEL_CVEL
    const v3 omega = t->omega[l], v = add_cross(t->v[l], omega, minus3(centre, t->o[l]));
    vf *velocity = obs + AT_CVEL + 6 * b;
    velocity[0] = omega.x;
    velocity[1] = omega.y;
    velocity[2] = omega.z;
    velocity[3] = v.x;
    velocity[4] = v.y;
    velocity[5] = v.z;
#endif
}

// obs, and the cost of contact forces. `forces`: 0 right after a reset, when nothing has been solved yet.
PHASE vf MODEL(observe)(WORK *w, CONTACTS *t, const vf *state, __global const float *settings_in, int forces, vf *obs) {
    const float clip = settings_in[SETTING_VELOCITY_CLIP];
    for (int c = 0; c < MODEL_NQ; ++c) obs[c] = w->q[c];
    for (int d = 0; d < MODEL_NV; ++d) obs[MODEL_NQ + d] = vclamp(w->v[d], -clip, clip);
#if MODEL_ROOT_X >= 0
    obs[MODEL_ROOT_X] = w->q[MODEL_ROOT_X] + state[AT_TRAVELLED];
#endif
#if MODEL_ROOT_Y >= 0
    obs[MODEL_ROOT_Y] = w->q[MODEL_ROOT_Y] + state[AT_TRAVELLED + 1];
#endif
    obs[MODEL_FULL - 1] = splat(0.0f);
#if MODEL_CINERT || MODEL_CVEL || MODEL_FORCES
    const v3 centre = MODEL(mass_centre)(w, t);
#endif
#if MODEL_CINERT || MODEL_CVEL
#define BODY(b, l, mass, cx, cy, cz, base, s1, ax, ay, az, s2, bx, by, bz) \
    MODEL(observe_body)(w, t, centre, obs, b, l, mass, cx, cy, cz, base, s1, ax, ay, az, s2, bx, by, bz);
    MODEL_BODIES(BODY)
#undef BODY
#endif
    for (int d = 0; d < MODEL_NV; ++d) obs[AT_ACTUATOR + d] = w->control[d];
    vf cost = splat(0.0f);
#if MODEL_FORCES
    for (int c = 0; c < 6 * MODEL_BODY_COUNT; ++c) obs[AT_FORCES + c] = splat(0.0f);
    if (!forces) return cost;
    for (int i = 0; i < t->listed; ++i) {
        const floor_contact *c = &t->floor[t->list[i]];
        const v3 f = force_of(c), n = cross3(minus3(plus3(t->o[c->link], c->rho), centre), f);
        vf *to = obs + AT_FORCES + 6 * c->body;
        to[0] = select(to[0], to[0] + n.x, c->exists);
        to[1] = select(to[1], to[1] + n.y, c->exists);
        to[2] = select(to[2], to[2] + n.z, c->exists);
        to[3] = select(to[3], to[3] + f.x, c->exists);
        to[4] = select(to[4], to[4] + f.y, c->exists);
        to[5] = select(to[5], to[5] + f.z, c->exists);
    }
#if MODEL_SLOTS
    for (int i = 0; i < t->used; ++i) {
        const link_contact *c = &t->slots[i];
        const v3 f = scaled3(c->f, c->n), n = cross3(minus3(c->p, centre), f);
        for (int b = 0; b < MODEL_BODY_COUNT; ++b) {
            const vi from = c->on & ((c->bodies & 0xffff) == splati(b)),
                     onto = c->on & ((c->bodies >> 16) == splati(b));
            if (!any_lane(from | onto)) continue;
            vf *to = obs + AT_FORCES + 6 * b;
            to[0] = select(select(to[0], to[0] - n.x, from), to[0] + n.x, onto);
            to[1] = select(select(to[1], to[1] - n.y, from), to[1] + n.y, onto);
            to[2] = select(select(to[2], to[2] - n.z, from), to[2] + n.z, onto);
            to[3] = select(select(to[3], to[3] - f.x, from), to[3] + f.x, onto);
            to[4] = select(select(to[4], to[4] - f.y, from), to[4] + f.y, onto);
            to[5] = select(select(to[5], to[5] - f.z, from), to[5] + f.z, onto);
        }
    }
#endif
    for (int c = 0; c < 6 * MODEL_BODY_COUNT; ++c) {
        const vf force = vclamp(obs[AT_FORCES + c], settings_in[SETTING_LOWEST_FORCE],
                                settings_in[SETTING_HIGHEST_FORCE]);
        obs[AT_FORCES + c] = force;
        cost = fma(force, force, cost);
    }
    cost = vclamp(settings_in[SETTING_CONTACT_COST] * cost, settings_in[SETTING_LOWEST_CONTACT_COST],
                  settings_in[SETTING_HIGHEST_CONTACT_COST]);
#endif
    return cost;
}

ALWAYS_INLINE void MODEL(load_state)(WORK *w, CONTACTS *t, const vf *state) {
    for (int c = 0; c < MODEL_NQ; ++c) w->q[c] = state[c];
    for (int d = 0; d < MODEL_NV; ++d) {
        w->v[d] = state[MODEL_NQ + d];
        w->control[d] = splat(0.0f);
    }
    t->listed = 0;
    t->overflow = splat(0.0f);
    for (int c = 0; c < MODEL_CONTACT_COUNT; ++c) t->present[c] = 0;
    for (int k = 0; k < MODEL_LIMIT_COUNT; ++k) w->limit[k].exists = splati(0);
#if MODEL_SLOTS
    t->used = 0;
#endif
}

PHASE void MODEL(place_state)(__global const float *settings_in, vf *state, vf *obs) {
    WORK work;
    CONTACTS contacts;
    state[AT_TRAVELLED] = state[AT_TRAVELLED + 1] = splat(0.0f);
    // As at the start of a step, so that a robot far out has its progress read as exactly.
#if MODEL_ROOT_X >= 0
    state[AT_TRAVELLED] = state[MODEL_ROOT_X];
    state[MODEL_ROOT_X] = splat(0.0f);
#endif
#if MODEL_ROOT_Y >= 0
    state[AT_TRAVELLED + 1] = state[MODEL_ROOT_Y];
    state[MODEL_ROOT_Y] = splat(0.0f);
#endif
    MODEL(load_state)(&work, &contacts, state);
    MODEL(move)(&work, &contacts);
    state[AT_PROGRESS] = MODEL(progress)(&work, &contacts);
    MODEL(observe)(&work, &contacts, state, settings_in, 0, obs);
}

PHASE void MODEL(start)(const vf *u, __global const float *settings_in, vf *state, vf *obs) {
    const float noise = settings_in[SETTING_RESET_NOISE];
#define INITIAL(i, q) state[i] = fma(fma(u[i], splat(2.0f), splat(-1.0f)), splat(noise), splat(q));
    MODEL_INITIAL_POSITIONS(INITIAL)
#undef INITIAL
#define INITIAL(i, v) state[MODEL_NQ + i] = splat(v);
    MODEL_INITIAL_VELOCITIES(INITIAL)
#undef INITIAL
    for (int d = 0; d < MODEL_NV; d += 2) {
        vf z0 = fma(u[MODEL_NQ + d], splat(2.0f), splat(-1.0f)),
           z1 = fma(u[MODEL_NQ + d + 1], splat(2.0f), splat(-1.0f));
#if MODEL_VELOCITY_NORMAL
        normals_from_uniforms(u[MODEL_NQ + d], u[MODEL_NQ + d + 1], &z0, &z1);
#endif
        state[MODEL_NQ + d] = fma(z0, splat(noise), state[MODEL_NQ + d]);
        if (d + 1 < MODEL_NV) state[MODEL_NQ + d + 1] = fma(z1, splat(noise), state[MODEL_NQ + d + 1]);
    }
    MODEL(place_state)(settings_in, state, obs);
}

PHASE vf MODEL(advance)(vf *state, const vf *action, __global const float *settings_in, vf *obs, vi *terminated,
                        vf *overflow) {
    WORK work;
    CONTACTS contacts;
    WORK *w = &work;
    CONTACTS *t = &contacts;
    // The root's own x and y are counted from where the step starts: no float is spent on distance.
    vf before = state[AT_PROGRESS];
#if MODEL_ROOT_X >= 0
    before = before - state[MODEL_ROOT_X];
    state[AT_TRAVELLED] = state[AT_TRAVELLED] + state[MODEL_ROOT_X];
    state[MODEL_ROOT_X] = splat(0.0f);
#endif
#if MODEL_ROOT_Y >= 0
    state[AT_TRAVELLED + 1] = state[AT_TRAVELLED + 1] + state[MODEL_ROOT_Y];
    state[MODEL_ROOT_Y] = splat(0.0f);
#endif
    MODEL(load_state)(w, t, state);
    vf effort = splat(0.0f);
    for (int i = 0; i < MODEL_NU; ++i) effort = fma(action[i], action[i], effort);
#define ACTUATOR(u, d, gear, low, high) w->control[d] = fma(vclamp(action[u], low, high), splat(gear), w->control[d]);
    MODEL_ACTUATORS(ACTUATOR)
#undef ACTUATOR
    for (int i = 0; i < MODEL_SKIP; ++i) MODEL(physics_step)(w, t, settings_in);
    for (int c = 0; c < MODEL_NQ; ++c) state[c] = w->q[c];
    for (int d = 0; d < MODEL_NV; ++d) state[MODEL_NQ + d] = w->v[d];
    const vf after = MODEL(progress)(w, t);
    state[AT_PROGRESS] = after;
    const vf contact_cost = MODEL(observe)(w, t, state, settings_in, 1, obs);
    vi healthy = splati(-1);
#if MODEL_HEIGHT >= 0
    const float lowest = settings_in[SETTING_LOWEST_Z], highest = settings_in[SETTING_HIGHEST_Z];
#if MODEL_HEIGHT_CLOSED
    healthy = (w->q[MODEL_HEIGHT] >= lowest) & (w->q[MODEL_HEIGHT] <= highest);
#else
    healthy = (w->q[MODEL_HEIGHT] > lowest) & (w->q[MODEL_HEIGHT] < highest);
#endif
#endif
    const float low = settings_in[SETTING_LOWEST_STATE], high = settings_in[SETTING_HIGHEST_STATE];
    for (int c = 2; c < MODEL_NQ; ++c) healthy = healthy & (w->q[c] > low) & (w->q[c] < high);
    for (int d = 0; d < MODEL_NV; ++d) healthy = healthy & (w->v[d] > low) & (w->v[d] < high);
    const float bonus = settings_in[SETTING_HEALTHY_REWARD], always = settings_in[SETTING_BONUS_ALWAYS];
    *terminated = settings_in[SETTING_TERMINATES] != 0.0f ? !healthy : splati(0);
    *overflow = t->overflow;
    const vf alive = select(splat(bonus * always), splat(bonus), healthy);
    const vf forward = settings_in[SETTING_FORWARD_WEIGHT] * ((after - before) / MODEL_DT);
    return forward + alive - settings_in[SETTING_CONTROL_COST] * effort - contact_cost;
}
