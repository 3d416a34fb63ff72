// GloVe's AdaGrad pass. DIM, WIDTH and PER are given when it is compiled.
//
// One warp owns one row at a time: the row's vector and accumulators stay in registers while its
// pairs pass by, so no two warps ever disagree about a row. Contexts are shared and updated by
// atomic additions, each warp loading the next context before it works on the present one.

extern "C" __global__ void adagrad_pass(
    const int* __restrict__ order, const long long* __restrict__ starts,
    const int* __restrict__ columns, const float* __restrict__ log_count,
    const float* __restrict__ weight, float* W, float* C, const int n_rows, const float rate,
    int* queue, double* loss)
{
    const int lane = threadIdx.x & 31;
    const unsigned all = 0xffffffffu;
    while (true) {
        int turn = 0;
        if (lane == 0) turn = atomicAdd(queue, 1);
        turn = __shfl_sync(all, turn, 0);
        if (turn >= n_rows) return;
        const int row = order[turn];
        const long long first = starts[row], last = starts[row + 1];
        if (first == last) continue;
        float* own = W + (long long)row * 2 * WIDTH;
        float w[PER], gw[PER], c[PER], gc[PER], next_c[PER], next_gc[PER];
        float* from = C + (long long)columns[first] * 2 * WIDTH;
        #pragma unroll
        for (int i = 0; i < PER; ++i) {
            w[i] = own[i * 32 + lane];
            gw[i] = own[WIDTH + i * 32 + lane];
            next_c[i] = from[i * 32 + lane];
            next_gc[i] = from[WIDTH + i * 32 + lane];
        }
        double total = 0;
        for (long long k = first; k < last; ++k) {
            float* to = from;
            #pragma unroll
            for (int i = 0; i < PER; ++i) { c[i] = next_c[i]; gc[i] = next_gc[i]; }
            if (k + 1 < last) {
                from = C + (long long)columns[k + 1] * 2 * WIDTH;
                #pragma unroll
                for (int i = 0; i < PER; ++i) {
                    next_c[i] = from[i * 32 + lane];
                    next_gc[i] = from[WIDTH + i * 32 + lane];
                }
            }
            float dot = 0;
            #pragma unroll
            for (int i = 0; i < PER; ++i) dot += w[i] * c[i];
            #pragma unroll
            for (int half = 16; half > 0; half >>= 1) dot += __shfl_xor_sync(all, dot, half);
            const float difference = dot - log_count[k];
            const float slope = weight[k] * difference;
            total += 0.5 * (double)slope * (double)difference;
            const float step = slope * rate;
            #pragma unroll
            for (int i = 0; i < PER; ++i) {
                const int a = i * 32 + lane;
                const float for_w = step * c[i], for_c = step * w[i];
                // Entry DIM of a context and DIM + 1 of a row are the constant 1.
                if (a != DIM && a < DIM + 2) {
                    atomicAdd(to + a, -for_c * rsqrtf(gc[i]));
                    atomicAdd(to + WIDTH + a, for_c * for_c);
                }
                if (a != DIM + 1) {
                    w[i] -= for_w * rsqrtf(gw[i]);
                    gw[i] += for_w * for_w;
                }
            }
        }
        #pragma unroll
        for (int i = 0; i < PER; ++i) {
            own[i * 32 + lane] = w[i];
            own[WIDTH + i * 32 + lane] = gw[i];
        }
        if (lane == 0) loss[row] = total;
    }
}
