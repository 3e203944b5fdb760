import GPUTensor
