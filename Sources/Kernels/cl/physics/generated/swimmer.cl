// Made from Swimmer.json by `evogpu model`; see physics.cl. Lengths in m, masses in kg, angles in rad.
#define MODEL_NAME swimmer
#define MODEL_NV 5
#define MODEL_NU 2
#define MODEL_STATE 12
#define MODEL_FULL 11
#define MODEL_DRAWS 10
#define MODEL_LIMIT_COUNT 2
#define MODEL_FLOOR_COUNT 0
#define MODEL_MOVING_COUNT 0
#define MODEL_ITERATIONS 10
#define MODEL_SKIP 4
#define MODEL_H 0.01f
#define MODEL_DT 0.04f
#define MODEL_EULER 0
#define MODEL_GRAVITY_X 0.0f
#define MODEL_GRAVITY_Z 0.0f
#define MODEL_TERRAIN 0
#define MODEL_TASK 0
#define MODEL_ROOT_X 0
#define MODEL_ROOT_Z 1
#define MODEL_HEIGHT -1
#define MODEL_HEIGHT_CLOSED 0
#define MODEL_PITCH 2
#define MODEL_VELOCITY_NORMAL 0
// link, its parent, the hinge whose frame the joint is in, type, sense, origin in the parent's frame, direction of a slide, angle at which it is straight
#define MODEL_LINKS(LINK) \
    LINK(0, -1, -1, SLIDE, 1.0f, 0.0f, 0.0f, 1.0f, 0.0f, 0) \
    LINK(1, 0, -1, SLIDE, 1.0f, 0.0f, 0.0f, 0.0f, 1.0f, 0) \
    LINK(2, 1, -1, HINGE, 1.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f) \
    LINK(3, 2, 2, HINGE, 1.0f, 0.5f, 0.0f, 0.0f, 0.0f, 0.0f) \
    LINK(4, 3, 3, HINGE, 1.0f, -1.0f, 0.0f, 0.0f, 0.0f, 0.0f)
// link, frame, mass, centre of mass, inertia about the link's origin
#define MODEL_MASSES(MASS) \
    MASS(2, 2, 35.604717f, 1.0f, 0.0f, 39.52228f) \
    MASS(3, 3, 35.604717f, -0.5f, 0.0f, 12.818746f) \
    MASS(4, 4, 35.604717f, -0.5f, 0.0f, 12.818746f)
// link, parent, mass of the link and all below it
#define MODEL_UP(UP) \
    UP(4, 3, 35.604717f) \
    UP(3, 2, 71.209435f) \
    UP(2, 1, 106.81415f) \
    UP(1, 0, 106.81415f)
// dof, type, sense, frame, direction, damping, stiffness, rest
#define MODEL_DOFS(DOF) \
    DOF(0, SLIDE, 1.0f, -1, 1.0f, 0.0f, 0.0f, 0.0f, 0.0f) \
    DOF(1, SLIDE, 1.0f, -1, 0.0f, 1.0f, 0.0f, 0.0f, 0.0f) \
    DOF(2, HINGE, 1.0f, -1, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f) \
    DOF(3, HINGE, 1.0f, 2, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f) \
    DOF(4, HINGE, 1.0f, 3, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f)
// control, dof, gear, range
#define MODEL_ACTUATORS(ACTUATOR) \
    ACTUATOR(0, 3, 150.0f, -1.0f, 1.0f) \
    ACTUATOR(1, 4, 150.0f, -1.0f, 1.0f)
// START dof, type, sense, frame, direction, mass below, armature; STEP dof, link below, ancestor, its type, sense, frame, direction
#define MODEL_ANCESTORS(START, STEP, END) \
    START(0, SLIDE, 1.0f, -1, 1.0f, 0.0f, 106.81415f, 0.1f) END \
    START(1, SLIDE, 1.0f, -1, 0.0f, 1.0f, 106.81415f, 0.1f) STEP(1, 1, 0, SLIDE, 1.0f, -1, 1.0f, 0.0f) END \
    START(2, HINGE, 1.0f, -1, 0.0f, 0.0f, 106.81415f, 0.1f) STEP(2, 2, 1, SLIDE, 1.0f, -1, 0.0f, 1.0f) STEP(2, 1, 0, SLIDE, 1.0f, -1, 1.0f, 0.0f) END \
    START(3, HINGE, 1.0f, 2, 0.0f, 0.0f, 71.209435f, 0.1f) STEP(3, 3, 2, HINGE, 1.0f, -1, 0.0f, 0.0f) STEP(3, 2, 1, SLIDE, 1.0f, -1, 0.0f, 1.0f) STEP(3, 1, 0, SLIDE, 1.0f, -1, 1.0f, 0.0f) END \
    START(4, HINGE, 1.0f, 3, 0.0f, 0.0f, 35.604717f, 0.1f) STEP(4, 4, 3, HINGE, 1.0f, 2, 0.0f, 0.0f) STEP(4, 3, 2, HINGE, 1.0f, -1, 0.0f, 0.0f) STEP(4, 2, 1, SLIDE, 1.0f, -1, 0.0f, 1.0f) STEP(4, 1, 0, SLIDE, 1.0f, -1, 1.0f, 0.0f) END
#define MODEL_TOUCH_ANCESTORS(START, STEP, END)
#define MODEL_TOUCH_UP(UP)
#define MODEL_ELIMINATION(PIVOT, ROW, TERM, KEEP) \
    PIVOT(4) ROW(4, 3) TERM(4, 3, 3) TERM(4, 3, 2) TERM(4, 3, 1) TERM(4, 3, 0) KEEP(4, 3) ROW(4, 2) TERM(4, 2, 2) TERM(4, 2, 1) TERM(4, 2, 0) KEEP(4, 2) ROW(4, 1) TERM(4, 1, 1) TERM(4, 1, 0) KEEP(4, 1) ROW(4, 0) TERM(4, 0, 0) KEEP(4, 0) \
    PIVOT(3) ROW(3, 2) TERM(3, 2, 2) TERM(3, 2, 1) TERM(3, 2, 0) KEEP(3, 2) ROW(3, 1) TERM(3, 1, 1) TERM(3, 1, 0) KEEP(3, 1) ROW(3, 0) TERM(3, 0, 0) KEEP(3, 0) \
    PIVOT(2) ROW(2, 1) TERM(2, 1, 1) TERM(2, 1, 0) KEEP(2, 1) ROW(2, 0) TERM(2, 0, 0) KEEP(2, 0) \
    PIVOT(1) ROW(1, 0) TERM(1, 0, 0) KEEP(1, 0) \
    PIVOT(0)
#define MODEL_LEAVES_FIRST(LINE) \
    LINE(4, 3) LINE(4, 2) LINE(4, 1) LINE(4, 0) \
    LINE(3, 2) LINE(3, 1) LINE(3, 0) \
    LINE(2, 1) LINE(2, 0) \
    LINE(1, 0)
#define MODEL_ROOT_FIRST(LINE) \
    LINE(1, 0) \
    LINE(2, 1) LINE(2, 0) \
    LINE(3, 2) LINE(3, 1) LINE(3, 0) \
    LINE(4, 3) LINE(4, 2) LINE(4, 1) LINE(4, 0)
// number, dof, range, margin, inverse weight, stiffness, damping, solimp
#define MODEL_LIMITS(LIMIT) \
    LIMIT(0, 3, -1.7453293f, 1.7453293f, 0.0f, 0.38529333f, 2770.083f, 105.26316f, 0.9f, 0.95f, 0.001f, 0.5f, 2.0f) \
    LIMIT(1, 4, -1.7453293f, 1.7453293f, 0.0f, 0.39333367f, 2770.083f, 105.26316f, 0.9f, 0.95f, 0.001f, 0.5f, 2.0f)
// number, link, frame, end of the capsule, radius, margin, inverse weight, number of the pair, height of the floor, stiffness, damping, solimp
#define MODEL_FLOOR(TOUCH)
// row, then link, frame, centre, half axis, radius of both capsules, reach, margin, inverse weight, stiffness, damping, solimp, path
#define MODEL_MOVINGS(MOVING)
// link, frame, centre of mass, principal axis, then linear and square drag along it, across it and in turning
#define MODEL_FLUIDS(FLUID) \
    FLUID(2, 2, 1.0f, 0.0f, 0.0f, 1.0f, 0.46450275f, 388.9495f, 0.46450275f, 58.588234f, 0.03760983f, 17.839628f) \
    FLUID(3, 3, -0.5f, 0.0f, 0.0f, 1.0f, 0.46450275f, 388.9495f, 0.46450275f, 58.588234f, 0.03760983f, 17.839628f) \
    FLUID(4, 4, -0.5f, 0.0f, 0.0f, 1.0f, 0.46450275f, 388.9495f, 0.46450275f, 58.588234f, 0.03760983f, 17.839628f)
#define MODEL_INITIAL(INITIAL) \
    INITIAL(0, 0.0f, 0.0f) \
    INITIAL(1, 0.0f, 0.0f) \
    INITIAL(2, 0.0f, 0.0f) \
    INITIAL(3, 0.0f, 0.0f) \
    INITIAL(4, 0.0f, 0.0f)
