// Made from Reacher.json by `evogpu model`; see physics.cl. Lengths in m, masses in kg, angles in rad.
#define MODEL_NAME reacher
#define MODEL_NV 4
#define MODEL_NU 2
#define MODEL_STATE 10
#define MODEL_FULL 15
#define MODEL_DRAWS 8
#define MODEL_LIMIT_COUNT 3
#define MODEL_FLOOR_COUNT 0
#define MODEL_MOVING_COUNT 0
#define MODEL_ITERATIONS 10
#define MODEL_SKIP 2
#define MODEL_H 0.01f
#define MODEL_DT 0.02f
#define MODEL_EULER 0
#define MODEL_GRAVITY_X 0.0f
#define MODEL_GRAVITY_Z 0.0f
#define MODEL_TERRAIN 0
#define MODEL_TASK 3
#define MODEL_ROOT_X -1
#define MODEL_ROOT_Z -1
#define MODEL_HEIGHT -1
#define MODEL_HEIGHT_CLOSED 0
#define MODEL_PITCH 2
#define MODEL_VELOCITY_NORMAL 0
// link, its parent, the hinge whose frame the joint is in, type, sense, origin in the parent's frame, direction of a slide, angle at which it is straight
#define MODEL_LINKS(LINK) \
    LINK(0, -1, -1, HINGE, 1.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f) \
    LINK(1, 0, 0, HINGE, 1.0f, 0.1f, 0.0f, 0.0f, 0.0f, 0.0f) \
    LINK(2, -1, -1, SLIDE, 1.0f, 0.0f, -0.1f, 1.0f, 0.0f, 0) \
    LINK(3, 2, -1, SLIDE, 1.0f, 0.0f, 0.1f, 0.0f, 1.0f, 0)
// link, frame, mass, centre of mass, inertia about the link's origin
#define MODEL_MASSES(MASS) \
    MASS(0, 0, 0.035604715f, 0.05f, 0.0f, 0.00012818746f) \
    MASS(1, 1, 0.039793506f, 0.05631579f, 0.0f, 0.00017903937f) \
    MASS(3, -1, 0.0030536281f, 0.0f, 0.0f, 9.893755e-08f)
// link, parent, mass of the link and all below it
#define MODEL_UP(UP) \
    UP(3, 2, 0.0030536281f) \
    UP(1, 0, 0.039793506f)
// dof, type, sense, frame, direction, damping, stiffness, rest
#define MODEL_DOFS(DOF) \
    DOF(0, HINGE, 1.0f, -1, 0.0f, 0.0f, 1.0f, 0.0f, 0.0f) \
    DOF(1, HINGE, 1.0f, 0, 0.0f, 0.0f, 1.0f, 0.0f, 0.0f) \
    DOF(2, SLIDE, 1.0f, -1, 1.0f, 0.0f, 0.0f, 0.0f, 0.0f) \
    DOF(3, SLIDE, 1.0f, -1, 0.0f, 1.0f, 0.0f, 0.0f, 0.0f)
// control, dof, gear, range
#define MODEL_ACTUATORS(ACTUATOR) \
    ACTUATOR(0, 0, 200.0f, -1.0f, 1.0f) \
    ACTUATOR(1, 1, 200.0f, -1.0f, 1.0f)
// START dof, type, sense, frame, direction, mass below, armature; STEP dof, link below, ancestor, its type, sense, frame, direction
#define MODEL_ANCESTORS(START, STEP, END) \
    START(0, HINGE, 1.0f, -1, 0.0f, 0.0f, 0.07539822f, 1.0f) END \
    START(1, HINGE, 1.0f, 0, 0.0f, 0.0f, 0.039793506f, 1.0f) STEP(1, 1, 0, HINGE, 1.0f, -1, 0.0f, 0.0f) END \
    START(2, SLIDE, 1.0f, -1, 1.0f, 0.0f, 0.0030536281f, 0.0f) END \
    START(3, SLIDE, 1.0f, -1, 0.0f, 1.0f, 0.0030536281f, 0.0f) STEP(3, 3, 2, SLIDE, 1.0f, -1, 1.0f, 0.0f) END
#define MODEL_TOUCH_ANCESTORS(START, STEP, END)
#define MODEL_TOUCH_UP(UP)
#define MODEL_ELIMINATION(PIVOT, ROW, TERM, KEEP) \
    PIVOT(3) ROW(3, 2) TERM(3, 2, 2) KEEP(3, 2) \
    PIVOT(2) \
    PIVOT(1) ROW(1, 0) TERM(1, 0, 0) KEEP(1, 0) \
    PIVOT(0)
#define MODEL_LEAVES_FIRST(LINE) \
    LINE(3, 2) \
    LINE(1, 0)
#define MODEL_ROOT_FIRST(LINE) \
    LINE(1, 0) \
    LINE(3, 2)
// number, dof, range, margin, inverse weight, stiffness, damping, solimp
#define MODEL_LIMITS(LIMIT) \
    LIMIT(0, 1, -3.0f, 3.0f, 0.0f, 0.9998211f, 2770.083f, 105.26316f, 0.9f, 0.95f, 0.001f, 0.5f, 2.0f) \
    LIMIT(1, 2, -0.27f, 0.27f, 0.0f, 327.4793f, 2770.083f, 105.26316f, 0.9f, 0.95f, 0.001f, 0.5f, 2.0f) \
    LIMIT(2, 3, -0.27f, 0.27f, 0.0f, 327.4793f, 2770.083f, 105.26316f, 0.9f, 0.95f, 0.001f, 0.5f, 2.0f)
// number, link, frame, end of the capsule, radius, margin, inverse weight, number of the pair, height of the floor, stiffness, damping, solimp
#define MODEL_FLOOR(TOUCH)
// row, then link, frame, centre, half axis, radius of both capsules, reach, margin, inverse weight, stiffness, damping, solimp, path
#define MODEL_MOVINGS(MOVING)
// link, frame, centre of mass, principal axis, then linear and square drag along it, across it and in turning
#define MODEL_FLUIDS(FLUID)
#define MODEL_INITIAL(INITIAL) \
    INITIAL(0, 0.0f, 0.0f) \
    INITIAL(1, 0.0f, 0.0f) \
    INITIAL(2, 0.1f, 0.0f) \
    INITIAL(3, -0.1f, 0.0f)
#define MODEL_TIP(POINT) \
    POINT(1, 1, 0.11f, 0.0f)
#define MODEL_TARGET(POINT) \
    POINT(3, -1, 0.0f, 0.0f)
