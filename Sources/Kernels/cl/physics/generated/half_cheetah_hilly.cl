// On hills, after the text of HalfCheetah on level ground; made by `evogpu model --terrain`.
#undef MODEL_NAME
#define MODEL_NAME half_cheetah_hilly
#undef MODEL_STATE
#define MODEL_STATE 23
#undef MODEL_DRAWS
#define MODEL_DRAWS 22
#undef MODEL_TERRAIN
#define MODEL_TERRAIN 1
