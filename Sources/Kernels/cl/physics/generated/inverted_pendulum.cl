// Made from InvertedPendulum.json by `evogpu model`; see physics.cl. Lengths in m, masses in kg, angles in rad.
#define MODEL_NAME inverted_pendulum
#define MODEL_NV 2
#define MODEL_NU 1
#define MODEL_STATE 6
#define MODEL_FULL 5
#define MODEL_DRAWS 4
#define MODEL_LIMIT_COUNT 2
#define MODEL_FLOOR_COUNT 0
#define MODEL_MOVING_COUNT 0
#define MODEL_ITERATIONS 10
#define MODEL_SKIP 2
#define MODEL_H 0.02f
#define MODEL_DT 0.04f
#define MODEL_EULER 0
#define MODEL_GRAVITY_X 0.0f
#define MODEL_GRAVITY_Z -9.81f
#define MODEL_TERRAIN 0
#define MODEL_TASK 1
#define MODEL_ROOT_X -1
#define MODEL_ROOT_Z -1
#define MODEL_HEIGHT -1
#define MODEL_HEIGHT_CLOSED 0
#define MODEL_PITCH 1
#define MODEL_VELOCITY_NORMAL 0
// link, its parent, the hinge whose frame the joint is in, type, sense, origin in the parent's frame, direction of a slide, angle at which it is straight
#define MODEL_LINKS(LINK) \
    LINK(0, -1, -1, SLIDE, 1.0f, 0.0f, 0.0f, 1.0f, 0.0f, 0) \
    LINK(1, 0, -1, HINGE, -1.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f)
// link, frame, mass, centre of mass, inertia about the link's origin
#define MODEL_MASSES(MASS) \
    MASS(0, -1, 10.471975f, 0.0f, 0.0f, 0.1267109f) \
    MASS(1, 1, 5.0185914f, 0.0005f, 0.3f, 0.64042425f)
// link, parent, mass of the link and all below it
#define MODEL_UP(UP) \
    UP(1, 0, 5.0185914f)
// dof, type, sense, frame, direction, damping, stiffness, rest
#define MODEL_DOFS(DOF) \
    DOF(0, SLIDE, 1.0f, -1, 1.0f, 0.0f, 1.0f, 0.0f, 0.0f) \
    DOF(1, HINGE, -1.0f, -1, 0.0f, 0.0f, 1.0f, 0.0f, 0.0f)
// control, dof, gear, range
#define MODEL_ACTUATORS(ACTUATOR) \
    ACTUATOR(0, 0, 100.0f, -3.0f, 3.0f)
// START dof, type, sense, frame, direction, mass below, armature; STEP dof, link below, ancestor, its type, sense, frame, direction
#define MODEL_ANCESTORS(START, STEP, END) \
    START(0, SLIDE, 1.0f, -1, 1.0f, 0.0f, 15.490567f, 0.0f) END \
    START(1, HINGE, -1.0f, -1, 0.0f, 0.0f, 5.0185914f, 0.0f) STEP(1, 1, 0, SLIDE, 1.0f, -1, 1.0f, 0.0f) END
#define MODEL_TOUCH_ANCESTORS(START, STEP, END)
#define MODEL_TOUCH_UP(UP)
#define MODEL_ELIMINATION(PIVOT, ROW, TERM, KEEP) \
    PIVOT(1) ROW(1, 0) TERM(1, 0, 0) KEEP(1, 0) \
    PIVOT(0)
#define MODEL_LEAVES_FIRST(LINE) \
    LINE(1, 0)
#define MODEL_ROOT_FIRST(LINE) \
    LINE(1, 0)
// number, dof, range, margin, inverse weight, stiffness, damping, solimp
#define MODEL_LIMITS(LIMIT) \
    LIMIT(0, 0, -1.0f, 1.0f, 0.0f, 0.08367434f, 692.52075f, 52.63158f, 0.9f, 0.95f, 0.001f, 0.5f, 2.0f) \
    LIMIT(1, 1, -1.5707964f, 1.5707964f, 0.0f, 2.023913f, 692.52075f, 52.63158f, 0.9f, 0.95f, 0.001f, 0.5f, 2.0f)
// number, link, frame, end of the capsule, radius, margin, inverse weight, number of the pair, height of the floor, stiffness, damping, solimp
#define MODEL_FLOOR(TOUCH)
// row, then link, frame, centre, half axis, radius of both capsules, reach, margin, inverse weight, stiffness, damping, solimp, path
#define MODEL_MOVINGS(MOVING)
// link, frame, centre of mass, principal axis, then linear and square drag along it, across it and in turning
#define MODEL_FLUIDS(FLUID)
#define MODEL_INITIAL(INITIAL) \
    INITIAL(0, 0.0f, 0.0f) \
    INITIAL(1, 0.0f, 0.0f)
