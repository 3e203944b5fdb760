// On hills, after the text of Walker2d on level ground; made by `evogpu model --terrain`.
#undef MODEL_NAME
#define MODEL_NAME walker2d_hilly
#undef MODEL_STATE
#define MODEL_STATE 23
#undef MODEL_DRAWS
#define MODEL_DRAWS 21
#undef MODEL_TERRAIN
#define MODEL_TERRAIN 1
