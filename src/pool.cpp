#include "pool.hpp"

#include <algorithm>
#include <chrono>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace avatar {

namespace {

// Underflow in the Gaussian's tail must cost nothing: flush denormals to zero while a task runs.
class FlushDenormals {
   public:
#if defined(__x86_64__)
    FlushDenormals() : saved_(_mm_getcsr()) { _mm_setcsr(saved_ | 0x8040); }
    ~FlushDenormals() { _mm_setcsr(saved_); }

   private:
    unsigned saved_;
#elif defined(__aarch64__)
    FlushDenormals() {
        asm volatile("mrs %0, fpcr" : "=r"(saved_));
        asm volatile("msr fpcr, %0" : : "r"(saved_ | (1ull << 24)));
    }
    ~FlushDenormals() { asm volatile("msr fpcr, %0" : : "r"(saved_)); }

   private:
    uint64_t saved_;
#endif
};

constexpr double kLostMs = 6.0;  // two time slices of a scheduler

double now_ms() {
    using namespace std::chrono;
    return duration<double, std::milli>(steady_clock::now().time_since_epoch()).count();
}

}  // namespace

void Governor::note(double worked_ms, double waited_ms) {
    // Beyond what one thread alone would have needed; what others take off the caller makes up for waiting.
    lost_ms_ = std::max(0.0, lost_ms_ + waited_ms - (active_ - 1) * worked_ms);
    if (lost_ms_ > kLostMs) {
        lost_ms_ = 0;
        patience_ = calm_ >= kCalm ? kShortest : std::min(patience_ * 2, kLongest);
        active_ = std::max(1, active_ / 2);
        left_ = patience_;
        calm_ = 0;
    } else if (active_ == threads_) {
        if (calm_ < kCalm) ++calm_;
    } else if (--left_ <= 0) {
        active_ = std::min(threads_, active_ * 2);
        left_ = patience_;
    }
}

struct Pool::Job {
    const std::function<void(int)>* task;
    int count;
    std::atomic<int> next{0};
    int left;     // tasks not finished, guarded by the pool's mutex
    int inside;   // workers that may still touch this job, guarded by the pool's mutex
};

Pool::Pool(int threads) : governor_(threads) {
    for (int i = 1; i < threads; ++i) workers_.emplace_back([this, i] { work(i); });
}

Pool::~Pool() {
    {
        std::lock_guard lock(mutex_);
        stop_ = true;
    }
    wake_.notify_all();
    for (std::thread& worker : workers_) worker.join();
}

// Runs tasks until none is left to take; returns how many this thread did.
int Pool::take(Job& job) {
    FlushDenormals flush;
    int did = 0;
    for (int i; (i = job.next.fetch_add(1, std::memory_order_relaxed)) < job.count; ++did) (*job.task)(i);
    return did;
}

void Pool::run(int count, const std::function<void(int)>& task) {
    if (count <= 0) return;
    Job job{&task, count, {0}, count, 0};
    if (count == 1 || governor_.active() == 1) {
        take(job);
        governor_.note(0, 0);
        return;
    }
    {
        std::lock_guard lock(mutex_);
        job_ = &job;
        active_ = governor_.active();
        ++generation_;
    }
    wake_.notify_all();
    const double started = now_ms();
    const int did = take(job);
    const double finished = now_ms();
    std::unique_lock lock(mutex_);
    job_ = nullptr;
    job.left -= did;
    done_.wait(lock, [&] { return job.left == 0 && job.inside == 0; });
    governor_.note(finished - started, now_ms() - finished);
}

void Pool::work(int number) {
    uint64_t seen = 0;
    std::unique_lock lock(mutex_);
    while (true) {
        wake_.wait(lock, [&] { return stop_ || (job_ && generation_ != seen && number < active_); });
        if (stop_) return;
        seen = generation_;
        Job& job = *job_;
        ++job.inside;
        lock.unlock();
        int did = take(job);
        lock.lock();
        job.left -= did;
        --job.inside;
        if (job.left == 0 && job.inside == 0) done_.notify_all();
    }
}

}  // namespace avatar
