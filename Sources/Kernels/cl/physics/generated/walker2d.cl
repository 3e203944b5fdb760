// Made from Walker2d.json by `evogpu model`; see physics.cl. Lengths in m, masses in kg, angles in rad.
#define MODEL_NAME walker2d
#define MODEL_NV 9
#define MODEL_NU 6
#define MODEL_STATE 20
#define MODEL_FULL 19
#define MODEL_DRAWS 18
#define MODEL_LIMIT_COUNT 6
#define MODEL_FLOOR_COUNT 14
#define MODEL_MOVING_COUNT 0
#define MODEL_ITERATIONS 10
#define MODEL_SKIP 4
#define MODEL_H 0.002f
#define MODEL_DT 0.008f
#define MODEL_EULER 0
#define MODEL_GRAVITY_X 0.0f
#define MODEL_GRAVITY_Z -9.81f
#define MODEL_TERRAIN 0
#define MODEL_TASK 0
#define MODEL_ROOT_X 0
#define MODEL_ROOT_Z -1
#define MODEL_HEIGHT 1
#define MODEL_HEIGHT_CLOSED 0
#define MODEL_PITCH 2
#define MODEL_VELOCITY_NORMAL 0
// link, its parent, the hinge whose frame the joint is in, type, sense, origin in the parent's frame, direction of a slide, angle at which it is straight
#define MODEL_LINKS(LINK) \
    LINK(0, -1, -1, SLIDE, 1.0f, 0.0f, 1.25f, 1.0f, 0.0f, 0) \
    LINK(1, 0, -1, SLIDE, 1.0f, 0.0f, -1.25f, 0.0f, 1.0f, 0) \
    LINK(2, 1, -1, HINGE, -1.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f) \
    LINK(3, 2, 2, HINGE, 1.0f, 0.0f, -0.2f, 0.0f, 0.0f, 0.0f) \
    LINK(4, 3, 3, HINGE, 1.0f, 0.0f, -0.45f, 0.0f, 0.0f, 0.0f) \
    LINK(5, 4, 4, HINGE, 1.0f, 0.0f, -0.5f, 0.0f, 0.0f, 0.0f) \
    LINK(6, 2, 2, HINGE, 1.0f, 0.0f, -0.2f, 0.0f, 0.0f, 0.0f) \
    LINK(7, 6, 6, HINGE, 1.0f, 0.0f, -0.45f, 0.0f, 0.0f, 0.0f) \
    LINK(8, 7, 7, HINGE, 1.0f, 0.0f, -0.5f, 0.0f, 0.0f, 0.0f)
// link, frame, mass, centre of mass, inertia about the link's origin
#define MODEL_MASSES(MASS) \
    MASS(2, 2, 3.6651914f, 0.0f, 0.0f, 0.069245934f) \
    MASS(3, 3, 4.0578904f, 0.0f, -0.225f, 0.29872945f) \
    MASS(4, 4, 2.7813568f, 0.0f, -0.25f, 0.24613734f) \
    MASS(5, 5, 3.1667254f, 0.1f, 0.0f, 0.055665f) \
    MASS(6, 6, 4.0578904f, 0.0f, -0.225f, 0.29872945f) \
    MASS(7, 7, 2.7813568f, 0.0f, -0.25f, 0.24613734f) \
    MASS(8, 8, 3.1667254f, 0.1f, 0.0f, 0.055665f)
// link, parent, mass of the link and all below it
#define MODEL_UP(UP) \
    UP(8, 7, 3.1667254f) \
    UP(7, 6, 5.948082f) \
    UP(6, 2, 10.005973f) \
    UP(5, 4, 3.1667254f) \
    UP(4, 3, 5.948082f) \
    UP(3, 2, 10.005973f) \
    UP(2, 1, 23.677137f) \
    UP(1, 0, 23.677137f)
// dof, type, sense, frame, direction, damping, stiffness, rest
#define MODEL_DOFS(DOF) \
    DOF(0, SLIDE, 1.0f, -1, 1.0f, 0.0f, 0.0f, 0.0f, 0.0f) \
    DOF(1, SLIDE, 1.0f, -1, 0.0f, 1.0f, 0.0f, 0.0f, 0.0f) \
    DOF(2, HINGE, -1.0f, -1, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f) \
    DOF(3, HINGE, 1.0f, 2, 0.0f, 0.0f, 0.1f, 0.0f, 0.0f) \
    DOF(4, HINGE, 1.0f, 3, 0.0f, 0.0f, 0.1f, 0.0f, 0.0f) \
    DOF(5, HINGE, 1.0f, 4, 0.0f, 0.0f, 0.1f, 0.0f, 0.0f) \
    DOF(6, HINGE, 1.0f, 2, 0.0f, 0.0f, 0.1f, 0.0f, 0.0f) \
    DOF(7, HINGE, 1.0f, 6, 0.0f, 0.0f, 0.1f, 0.0f, 0.0f) \
    DOF(8, HINGE, 1.0f, 7, 0.0f, 0.0f, 0.1f, 0.0f, 0.0f)
// control, dof, gear, range
#define MODEL_ACTUATORS(ACTUATOR) \
    ACTUATOR(0, 3, 100.0f, -1.0f, 1.0f) \
    ACTUATOR(1, 4, 100.0f, -1.0f, 1.0f) \
    ACTUATOR(2, 5, 100.0f, -1.0f, 1.0f) \
    ACTUATOR(3, 6, 100.0f, -1.0f, 1.0f) \
    ACTUATOR(4, 7, 100.0f, -1.0f, 1.0f) \
    ACTUATOR(5, 8, 100.0f, -1.0f, 1.0f)
// START dof, type, sense, frame, direction, mass below, armature; STEP dof, link below, ancestor, its type, sense, frame, direction
#define MODEL_ANCESTORS(START, STEP, END) \
    START(0, SLIDE, 1.0f, -1, 1.0f, 0.0f, 23.677137f, 0.0f) END \
    START(1, SLIDE, 1.0f, -1, 0.0f, 1.0f, 23.677137f, 0.0f) STEP(1, 1, 0, SLIDE, 1.0f, -1, 1.0f, 0.0f) END \
    START(2, HINGE, -1.0f, -1, 0.0f, 0.0f, 23.677137f, 0.0f) STEP(2, 2, 1, SLIDE, 1.0f, -1, 0.0f, 1.0f) STEP(2, 1, 0, SLIDE, 1.0f, -1, 1.0f, 0.0f) END \
    START(3, HINGE, 1.0f, 2, 0.0f, 0.0f, 10.005973f, 0.01f) STEP(3, 3, 2, HINGE, -1.0f, -1, 0.0f, 0.0f) STEP(3, 2, 1, SLIDE, 1.0f, -1, 0.0f, 1.0f) STEP(3, 1, 0, SLIDE, 1.0f, -1, 1.0f, 0.0f) END \
    START(4, HINGE, 1.0f, 3, 0.0f, 0.0f, 5.948082f, 0.01f) STEP(4, 4, 3, HINGE, 1.0f, 2, 0.0f, 0.0f) STEP(4, 3, 2, HINGE, -1.0f, -1, 0.0f, 0.0f) STEP(4, 2, 1, SLIDE, 1.0f, -1, 0.0f, 1.0f) STEP(4, 1, 0, SLIDE, 1.0f, -1, 1.0f, 0.0f) END \
    START(5, HINGE, 1.0f, 4, 0.0f, 0.0f, 3.1667254f, 0.01f) STEP(5, 5, 4, HINGE, 1.0f, 3, 0.0f, 0.0f) STEP(5, 4, 3, HINGE, 1.0f, 2, 0.0f, 0.0f) STEP(5, 3, 2, HINGE, -1.0f, -1, 0.0f, 0.0f) STEP(5, 2, 1, SLIDE, 1.0f, -1, 0.0f, 1.0f) STEP(5, 1, 0, SLIDE, 1.0f, -1, 1.0f, 0.0f) END \
    START(6, HINGE, 1.0f, 2, 0.0f, 0.0f, 10.005973f, 0.01f) STEP(6, 6, 2, HINGE, -1.0f, -1, 0.0f, 0.0f) STEP(6, 2, 1, SLIDE, 1.0f, -1, 0.0f, 1.0f) STEP(6, 1, 0, SLIDE, 1.0f, -1, 1.0f, 0.0f) END \
    START(7, HINGE, 1.0f, 6, 0.0f, 0.0f, 5.948082f, 0.01f) STEP(7, 7, 6, HINGE, 1.0f, 2, 0.0f, 0.0f) STEP(7, 6, 2, HINGE, -1.0f, -1, 0.0f, 0.0f) STEP(7, 2, 1, SLIDE, 1.0f, -1, 0.0f, 1.0f) STEP(7, 1, 0, SLIDE, 1.0f, -1, 1.0f, 0.0f) END \
    START(8, HINGE, 1.0f, 7, 0.0f, 0.0f, 3.1667254f, 0.01f) STEP(8, 8, 7, HINGE, 1.0f, 6, 0.0f, 0.0f) STEP(8, 7, 6, HINGE, 1.0f, 2, 0.0f, 0.0f) STEP(8, 6, 2, HINGE, -1.0f, -1, 0.0f, 0.0f) STEP(8, 2, 1, SLIDE, 1.0f, -1, 0.0f, 1.0f) STEP(8, 1, 0, SLIDE, 1.0f, -1, 1.0f, 0.0f) END
#define MODEL_TOUCH_ANCESTORS(START, STEP, END) \
    START(0, SLIDE, 1.0f, -1, 1.0f, 0.0f, 23.677137f, 0.0f) END \
    START(1, SLIDE, 1.0f, -1, 0.0f, 1.0f, 23.677137f, 0.0f) STEP(1, 1, 0, SLIDE, 1.0f, -1, 1.0f, 0.0f) END \
    START(2, HINGE, -1.0f, -1, 0.0f, 0.0f, 23.677137f, 0.0f) STEP(2, 2, 1, SLIDE, 1.0f, -1, 0.0f, 1.0f) STEP(2, 1, 0, SLIDE, 1.0f, -1, 1.0f, 0.0f) END \
    START(3, HINGE, 1.0f, 2, 0.0f, 0.0f, 10.005973f, 0.01f) STEP(3, 3, 2, HINGE, -1.0f, -1, 0.0f, 0.0f) STEP(3, 2, 1, SLIDE, 1.0f, -1, 0.0f, 1.0f) STEP(3, 1, 0, SLIDE, 1.0f, -1, 1.0f, 0.0f) END \
    START(4, HINGE, 1.0f, 3, 0.0f, 0.0f, 5.948082f, 0.01f) STEP(4, 4, 3, HINGE, 1.0f, 2, 0.0f, 0.0f) STEP(4, 3, 2, HINGE, -1.0f, -1, 0.0f, 0.0f) STEP(4, 2, 1, SLIDE, 1.0f, -1, 0.0f, 1.0f) STEP(4, 1, 0, SLIDE, 1.0f, -1, 1.0f, 0.0f) END \
    START(5, HINGE, 1.0f, 4, 0.0f, 0.0f, 3.1667254f, 0.01f) STEP(5, 5, 4, HINGE, 1.0f, 3, 0.0f, 0.0f) STEP(5, 4, 3, HINGE, 1.0f, 2, 0.0f, 0.0f) STEP(5, 3, 2, HINGE, -1.0f, -1, 0.0f, 0.0f) STEP(5, 2, 1, SLIDE, 1.0f, -1, 0.0f, 1.0f) STEP(5, 1, 0, SLIDE, 1.0f, -1, 1.0f, 0.0f) END \
    START(6, HINGE, 1.0f, 2, 0.0f, 0.0f, 10.005973f, 0.01f) STEP(6, 6, 2, HINGE, -1.0f, -1, 0.0f, 0.0f) STEP(6, 2, 1, SLIDE, 1.0f, -1, 0.0f, 1.0f) STEP(6, 1, 0, SLIDE, 1.0f, -1, 1.0f, 0.0f) END \
    START(7, HINGE, 1.0f, 6, 0.0f, 0.0f, 5.948082f, 0.01f) STEP(7, 7, 6, HINGE, 1.0f, 2, 0.0f, 0.0f) STEP(7, 6, 2, HINGE, -1.0f, -1, 0.0f, 0.0f) STEP(7, 2, 1, SLIDE, 1.0f, -1, 0.0f, 1.0f) STEP(7, 1, 0, SLIDE, 1.0f, -1, 1.0f, 0.0f) END \
    START(8, HINGE, 1.0f, 7, 0.0f, 0.0f, 3.1667254f, 0.01f) STEP(8, 8, 7, HINGE, 1.0f, 6, 0.0f, 0.0f) STEP(8, 7, 6, HINGE, 1.0f, 2, 0.0f, 0.0f) STEP(8, 6, 2, HINGE, -1.0f, -1, 0.0f, 0.0f) STEP(8, 2, 1, SLIDE, 1.0f, -1, 0.0f, 1.0f) STEP(8, 1, 0, SLIDE, 1.0f, -1, 1.0f, 0.0f) END
#define MODEL_TOUCH_UP(UP) \
    UP(8, 7) \
    UP(7, 6) \
    UP(6, 2) \
    UP(5, 4) \
    UP(4, 3) \
    UP(3, 2) \
    UP(2, 1) \
    UP(1, 0)
#define MODEL_ELIMINATION(PIVOT, ROW, TERM, KEEP) \
    PIVOT(8) ROW(8, 7) TERM(8, 7, 7) TERM(8, 7, 6) TERM(8, 7, 2) TERM(8, 7, 1) TERM(8, 7, 0) KEEP(8, 7) ROW(8, 6) TERM(8, 6, 6) TERM(8, 6, 2) TERM(8, 6, 1) TERM(8, 6, 0) KEEP(8, 6) ROW(8, 2) TERM(8, 2, 2) TERM(8, 2, 1) TERM(8, 2, 0) KEEP(8, 2) ROW(8, 1) TERM(8, 1, 1) TERM(8, 1, 0) KEEP(8, 1) ROW(8, 0) TERM(8, 0, 0) KEEP(8, 0) \
    PIVOT(7) ROW(7, 6) TERM(7, 6, 6) TERM(7, 6, 2) TERM(7, 6, 1) TERM(7, 6, 0) KEEP(7, 6) ROW(7, 2) TERM(7, 2, 2) TERM(7, 2, 1) TERM(7, 2, 0) KEEP(7, 2) ROW(7, 1) TERM(7, 1, 1) TERM(7, 1, 0) KEEP(7, 1) ROW(7, 0) TERM(7, 0, 0) KEEP(7, 0) \
    PIVOT(6) ROW(6, 2) TERM(6, 2, 2) TERM(6, 2, 1) TERM(6, 2, 0) KEEP(6, 2) ROW(6, 1) TERM(6, 1, 1) TERM(6, 1, 0) KEEP(6, 1) ROW(6, 0) TERM(6, 0, 0) KEEP(6, 0) \
    PIVOT(5) ROW(5, 4) TERM(5, 4, 4) TERM(5, 4, 3) TERM(5, 4, 2) TERM(5, 4, 1) TERM(5, 4, 0) KEEP(5, 4) ROW(5, 3) TERM(5, 3, 3) TERM(5, 3, 2) TERM(5, 3, 1) TERM(5, 3, 0) KEEP(5, 3) ROW(5, 2) TERM(5, 2, 2) TERM(5, 2, 1) TERM(5, 2, 0) KEEP(5, 2) ROW(5, 1) TERM(5, 1, 1) TERM(5, 1, 0) KEEP(5, 1) ROW(5, 0) TERM(5, 0, 0) KEEP(5, 0) \
    PIVOT(4) ROW(4, 3) TERM(4, 3, 3) TERM(4, 3, 2) TERM(4, 3, 1) TERM(4, 3, 0) KEEP(4, 3) ROW(4, 2) TERM(4, 2, 2) TERM(4, 2, 1) TERM(4, 2, 0) KEEP(4, 2) ROW(4, 1) TERM(4, 1, 1) TERM(4, 1, 0) KEEP(4, 1) ROW(4, 0) TERM(4, 0, 0) KEEP(4, 0) \
    PIVOT(3) ROW(3, 2) TERM(3, 2, 2) TERM(3, 2, 1) TERM(3, 2, 0) KEEP(3, 2) ROW(3, 1) TERM(3, 1, 1) TERM(3, 1, 0) KEEP(3, 1) ROW(3, 0) TERM(3, 0, 0) KEEP(3, 0) \
    PIVOT(2) ROW(2, 1) TERM(2, 1, 1) TERM(2, 1, 0) KEEP(2, 1) ROW(2, 0) TERM(2, 0, 0) KEEP(2, 0) \
    PIVOT(1) ROW(1, 0) TERM(1, 0, 0) KEEP(1, 0) \
    PIVOT(0)
#define MODEL_LEAVES_FIRST(LINE) \
    LINE(8, 7) LINE(8, 6) LINE(8, 2) LINE(8, 1) LINE(8, 0) \
    LINE(7, 6) LINE(7, 2) LINE(7, 1) LINE(7, 0) \
    LINE(6, 2) LINE(6, 1) LINE(6, 0) \
    LINE(5, 4) LINE(5, 3) LINE(5, 2) LINE(5, 1) LINE(5, 0) \
    LINE(4, 3) LINE(4, 2) LINE(4, 1) LINE(4, 0) \
    LINE(3, 2) LINE(3, 1) LINE(3, 0) \
    LINE(2, 1) LINE(2, 0) \
    LINE(1, 0)
#define MODEL_ROOT_FIRST(LINE) \
    LINE(1, 0) \
    LINE(2, 1) LINE(2, 0) \
    LINE(3, 2) LINE(3, 1) LINE(3, 0) \
    LINE(4, 3) LINE(4, 2) LINE(4, 1) LINE(4, 0) \
    LINE(5, 4) LINE(5, 3) LINE(5, 2) LINE(5, 1) LINE(5, 0) \
    LINE(6, 2) LINE(6, 1) LINE(6, 0) \
    LINE(7, 6) LINE(7, 2) LINE(7, 1) LINE(7, 0) \
    LINE(8, 7) LINE(8, 6) LINE(8, 2) LINE(8, 1) LINE(8, 0)
// number, dof, range, margin, inverse weight, stiffness, damping, solimp
#define MODEL_LIMITS(LIMIT) \
    LIMIT(0, 3, -2.6179938f, 0.0f, 0.0f, 12.106153f, 2770.083f, 105.26316f, 0.9f, 0.95f, 0.001f, 0.5f, 2.0f) \
    LIMIT(1, 4, -2.6179938f, 0.0f, 0.0f, 9.595295f, 2770.083f, 105.26316f, 0.9f, 0.95f, 0.001f, 0.5f, 2.0f) \
    LIMIT(2, 5, -0.7853982f, 0.7853982f, 0.0f, 18.211422f, 2770.083f, 105.26316f, 0.9f, 0.95f, 0.001f, 0.5f, 2.0f) \
    LIMIT(3, 6, -2.6179938f, 0.0f, 0.0f, 12.106153f, 2770.083f, 105.26316f, 0.9f, 0.95f, 0.001f, 0.5f, 2.0f) \
    LIMIT(4, 7, -2.6179938f, 0.0f, 0.0f, 9.595295f, 2770.083f, 105.26316f, 0.9f, 0.95f, 0.001f, 0.5f, 2.0f) \
    LIMIT(5, 8, -0.7853982f, 0.7853982f, 0.0f, 18.211422f, 2770.083f, 105.26316f, 0.9f, 0.95f, 0.001f, 0.5f, 2.0f)
// number, link, frame, end of the capsule, radius, margin, inverse weight, number of the pair, height of the floor, stiffness, damping, solimp
#define MODEL_FLOOR(TOUCH) \
    TOUCH(0, 2, 2, 0.0f, 0.2f, 0.05f, 0.0f, 0.0853165f, 0, 0.0f, 2770.083f, 105.26316f, 0.9f, 0.95f, 0.001f, 0.5f, 2.0f) \
    TOUCH(1, 2, 2, 0.0f, -0.2f, 0.05f, 0.0f, 0.0853165f, 0, 0.0f, 2770.083f, 105.26316f, 0.9f, 0.95f, 0.001f, 0.5f, 2.0f) \
    TOUCH(2, 3, 3, 0.0f, 0.0f, 0.05f, 0.0f, 0.06051638f, 1, 0.0f, 2770.083f, 105.26316f, 0.9f, 0.95f, 0.001f, 0.5f, 2.0f) \
    TOUCH(3, 3, 3, 0.0f, -0.45f, 0.05f, 0.0f, 0.06051638f, 1, 0.0f, 2770.083f, 105.26316f, 0.9f, 0.95f, 0.001f, 0.5f, 2.0f) \
    TOUCH(4, 4, 4, 0.0f, 0.0f, 0.04f, 0.0f, 0.06299719f, 2, 0.0f, 2770.083f, 105.26316f, 0.9f, 0.95f, 0.001f, 0.5f, 2.0f) \
    TOUCH(5, 4, 4, 0.0f, -0.5f, 0.04f, 0.0f, 0.06299719f, 2, 0.0f, 2770.083f, 105.26316f, 0.9f, 0.95f, 0.001f, 0.5f, 2.0f) \
    TOUCH(6, 5, 5, 0.0f, 0.0f, 0.06f, 0.0f, 0.13474576f, 3, 0.0f, 2770.083f, 105.26316f, 0.9f, 0.95f, 0.001f, 0.5f, 2.0f) \
    TOUCH(7, 5, 5, 0.2f, 0.0f, 0.06f, 0.0f, 0.13474576f, 3, 0.0f, 2770.083f, 105.26316f, 0.9f, 0.95f, 0.001f, 0.5f, 2.0f) \
    TOUCH(8, 6, 6, 0.0f, 0.0f, 0.05f, 0.0f, 0.06051638f, 4, 0.0f, 2770.083f, 105.26316f, 0.9f, 0.95f, 0.001f, 0.5f, 2.0f) \
    TOUCH(9, 6, 6, 0.0f, -0.45f, 0.05f, 0.0f, 0.06051638f, 4, 0.0f, 2770.083f, 105.26316f, 0.9f, 0.95f, 0.001f, 0.5f, 2.0f) \
    TOUCH(10, 7, 7, 0.0f, 0.0f, 0.04f, 0.0f, 0.06299719f, 5, 0.0f, 2770.083f, 105.26316f, 0.9f, 0.95f, 0.001f, 0.5f, 2.0f) \
    TOUCH(11, 7, 7, 0.0f, -0.5f, 0.04f, 0.0f, 0.06299719f, 5, 0.0f, 2770.083f, 105.26316f, 0.9f, 0.95f, 0.001f, 0.5f, 2.0f) \
    TOUCH(12, 8, 8, 0.0f, 0.0f, 0.06f, 0.0f, 0.13474576f, 6, 0.0f, 2770.083f, 105.26316f, 0.9f, 0.95f, 0.001f, 0.5f, 2.0f) \
    TOUCH(13, 8, 8, 0.2f, 0.0f, 0.06f, 0.0f, 0.13474576f, 6, 0.0f, 2770.083f, 105.26316f, 0.9f, 0.95f, 0.001f, 0.5f, 2.0f)
// row, then link, frame, centre, half axis, radius of both capsules, reach, margin, inverse weight, stiffness, damping, solimp, path
#define MODEL_MOVINGS(MOVING)
// link, frame, centre of mass, principal axis, then linear and square drag along it, across it and in turning
#define MODEL_FLUIDS(FLUID)
#define MODEL_INITIAL(INITIAL) \
    INITIAL(0, 0.0f, 0.0f) \
    INITIAL(1, 1.25f, 0.0f) \
    INITIAL(2, 0.0f, 0.0f) \
    INITIAL(3, 0.0f, 0.0f) \
    INITIAL(4, 0.0f, 0.0f) \
    INITIAL(5, 0.0f, 0.0f) \
    INITIAL(6, 0.0f, 0.0f) \
    INITIAL(7, 0.0f, 0.0f) \
    INITIAL(8, 0.0f, 0.0f)
