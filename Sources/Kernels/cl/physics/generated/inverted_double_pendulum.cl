// Made from InvertedDoublePendulum.json by `evogpu model`; see physics.cl. Lengths in m, masses in kg, angles in rad.
#define MODEL_NAME inverted_double_pendulum
#define MODEL_NV 3
#define MODEL_NU 1
#define MODEL_STATE 8
#define MODEL_FULL 12
#define MODEL_DRAWS 7
#define MODEL_LIMIT_COUNT 1
#define MODEL_FLOOR_COUNT 0
#define MODEL_MOVING_COUNT 0
#define MODEL_ITERATIONS 10
#define MODEL_SKIP 5
#define MODEL_H 0.01f
#define MODEL_DT 0.05f
#define MODEL_EULER 0
#define MODEL_GRAVITY_X 1e-05f
#define MODEL_GRAVITY_Z -9.81f
#define MODEL_TERRAIN 0
#define MODEL_TASK 2
#define MODEL_ROOT_X -1
#define MODEL_ROOT_Z -1
#define MODEL_HEIGHT -1
#define MODEL_HEIGHT_CLOSED 0
#define MODEL_PITCH 2
#define MODEL_VELOCITY_NORMAL 1
// link, its parent, the hinge whose frame the joint is in, type, sense, origin in the parent's frame, direction of a slide, angle at which it is straight
#define MODEL_LINKS(LINK) \
    LINK(0, -1, -1, SLIDE, 1.0f, 0.0f, 0.0f, 1.0f, 0.0f, 0) \
    LINK(1, 0, -1, HINGE, -1.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f) \
    LINK(2, 1, 1, HINGE, -1.0f, 0.0f, 0.6f, 0.0f, 0.0f, 0.0f)
// link, frame, mass, centre of mass, inertia about the link's origin
#define MODEL_MASSES(MASS) \
    MASS(0, -1, 10.471975f, 0.0f, 0.0f, 0.1267109f) \
    MASS(1, 1, 4.1987386f, 0.0f, 0.3f, 0.5328571f) \
    MASS(2, 2, 4.1987386f, 0.0f, 0.3f, 0.5328571f)
// link, parent, mass of the link and all below it
#define MODEL_UP(UP) \
    UP(2, 1, 4.1987386f) \
    UP(1, 0, 8.397477f)
// dof, type, sense, frame, direction, damping, stiffness, rest
#define MODEL_DOFS(DOF) \
    DOF(0, SLIDE, 1.0f, -1, 1.0f, 0.0f, 0.05f, 0.0f, 0.0f) \
    DOF(1, HINGE, -1.0f, -1, 0.0f, 0.0f, 0.05f, 0.0f, 0.0f) \
    DOF(2, HINGE, -1.0f, 1, 0.0f, 0.0f, 0.05f, 0.0f, 0.0f)
// control, dof, gear, range
#define MODEL_ACTUATORS(ACTUATOR) \
    ACTUATOR(0, 0, 500.0f, -1.0f, 1.0f)
// START dof, type, sense, frame, direction, mass below, armature; STEP dof, link below, ancestor, its type, sense, frame, direction
#define MODEL_ANCESTORS(START, STEP, END) \
    START(0, SLIDE, 1.0f, -1, 1.0f, 0.0f, 18.869453f, 0.0f) END \
    START(1, HINGE, -1.0f, -1, 0.0f, 0.0f, 8.397477f, 0.0f) STEP(1, 1, 0, SLIDE, 1.0f, -1, 1.0f, 0.0f) END \
    START(2, HINGE, -1.0f, 1, 0.0f, 0.0f, 4.1987386f, 0.0f) STEP(2, 2, 1, HINGE, -1.0f, -1, 0.0f, 0.0f) STEP(2, 1, 0, SLIDE, 1.0f, -1, 1.0f, 0.0f) END
#define MODEL_TOUCH_ANCESTORS(START, STEP, END)
#define MODEL_TOUCH_UP(UP)
#define MODEL_ELIMINATION(PIVOT, ROW, TERM, KEEP) \
    PIVOT(2) ROW(2, 1) TERM(2, 1, 1) TERM(2, 1, 0) KEEP(2, 1) ROW(2, 0) TERM(2, 0, 0) KEEP(2, 0) \
    PIVOT(1) ROW(1, 0) TERM(1, 0, 0) KEEP(1, 0) \
    PIVOT(0)
#define MODEL_LEAVES_FIRST(LINE) \
    LINE(2, 1) LINE(2, 0) \
    LINE(1, 0)
#define MODEL_ROOT_FIRST(LINE) \
    LINE(1, 0) \
    LINE(2, 1) LINE(2, 0)
// number, dof, range, margin, inverse weight, stiffness, damping, solimp
#define MODEL_LIMITS(LIMIT) \
    LIMIT(0, 0, -1.0f, 1.0f, 0.01f, 0.08467262f, 2770.083f, 105.26316f, 0.9f, 0.95f, 0.001f, 0.5f, 2.0f)
// number, link, frame, end of the capsule, radius, margin, inverse weight, number of the pair, height of the floor, stiffness, damping, solimp
#define MODEL_FLOOR(TOUCH)
// row, then link, frame, centre, half axis, radius of both capsules, reach, margin, inverse weight, stiffness, damping, solimp, path
#define MODEL_MOVINGS(MOVING)
// link, frame, centre of mass, principal axis, then linear and square drag along it, across it and in turning
#define MODEL_FLUIDS(FLUID)
#define MODEL_INITIAL(INITIAL) \
    INITIAL(0, 0.0f, 0.0f) \
    INITIAL(1, 0.0f, 0.0f) \
    INITIAL(2, 0.0f, 0.0f)
#define MODEL_TIP(POINT) \
    POINT(2, 2, 0.0f, 0.6f)
