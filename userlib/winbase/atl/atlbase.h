/* SPDX-License-Identifier: MIT */
/*
 * atlbase.h: of ATL (see atldef.h) the locks, smart pointers, arrays and modules.
 */
#ifndef __ATLBASE_H__
#define __ATLBASE_H__

#include "atldef.h"

#include <limits.h>
#include <new>
#include <stdlib.h>
#include <utility>

namespace ATL {

inline HRESULT AtlHresultFromWin32(DWORD error)
{
	return HRESULT_FROM_WIN32(error);
}

inline HRESULT AtlHresultFromLastError()
{
	DWORD error = GetLastError();

	return HRESULT_FROM_WIN32(error);
}

/* ------------------------------------------------------------------- locks */

/* Init and Term are its owner's to call. Lock may nest. */
class CComCriticalSection {
public:
	HRESULT Init()
	{
		InitializeCriticalSection(&m_sec);
		return S_OK;
	}

	HRESULT Term()
	{
		DeleteCriticalSection(&m_sec);
		return S_OK;
	}

	HRESULT Lock()
	{
		EnterCriticalSection(&m_sec);
		return S_OK;
	}

	HRESULT Unlock()
	{
		LeaveCriticalSection(&m_sec);
		return S_OK;
	}

	CRITICAL_SECTION m_sec;
};

/* Lives as long as its object. */
class CComAutoCriticalSection : public CComCriticalSection {
public:
	CComAutoCriticalSection()
	{
		CComCriticalSection::Init();
	}

	~CComAutoCriticalSection()
	{
		CComCriticalSection::Term();
	}

	CComAutoCriticalSection(const CComAutoCriticalSection &) = delete;
	CComAutoCriticalSection &operator=(const CComAutoCriticalSection &) = delete;

private:
	HRESULT Init();
	HRESULT Term();
};

/* Is initialised by Init; Term is harmless without it, and the destructor's too. */
class CComSafeDeleteCriticalSection : public CComCriticalSection {
public:
	CComSafeDeleteCriticalSection() : m_bInitialized(false)
	{
	}

	~CComSafeDeleteCriticalSection()
	{
		Term();
	}

	CComSafeDeleteCriticalSection(const CComSafeDeleteCriticalSection &) = delete;
	CComSafeDeleteCriticalSection &operator=(const CComSafeDeleteCriticalSection &) = delete;

	HRESULT Init()
	{
		ATLASSERT(!m_bInitialized);
		m_bInitialized = true;
		return CComCriticalSection::Init();
	}

	HRESULT Term()
	{
		if (!m_bInitialized)
			return S_OK;
		m_bInitialized = false;
		return CComCriticalSection::Term();
	}

	HRESULT Lock()
	{
		ATLASSERT(m_bInitialized);
		return CComCriticalSection::Lock();
	}

private:
	bool m_bInitialized;
};

class CComAutoDeleteCriticalSection : public CComSafeDeleteCriticalSection {
private:
	HRESULT Term();
};

class CComFakeCriticalSection {
public:
	HRESULT Init()
	{
		return S_OK;
	}

	HRESULT Term()
	{
		return S_OK;
	}

	HRESULT Lock()
	{
		return S_OK;
	}

	HRESULT Unlock()
	{
		return S_OK;
	}
};

/* Holds the lock until it goes out of scope, or until Unlock. */
template <class TLock>
class CComCritSecLock {
public:
	CComCritSecLock(TLock &cs, bool bInitialLock = true) : m_cs(cs), m_bLocked(false)
	{
		if (bInitialLock)
			Lock();
	}

	~CComCritSecLock()
	{
		if (m_bLocked)
			Unlock();
	}

	CComCritSecLock(const CComCritSecLock &) = delete;
	CComCritSecLock &operator=(const CComCritSecLock &) = delete;

	HRESULT Lock()
	{
		HRESULT hr = m_cs.Lock();

		m_bLocked = SUCCEEDED(hr);
		return hr;
	}

	void Unlock()
	{
		m_bLocked = false;
		m_cs.Unlock();
	}

private:
	TLock &m_cs;
	bool m_bLocked;
};

/* ---------------------------------------------------------- threading models */

class CComMultiThreadModelNoCS {
public:
	static ULONG Increment(LONG *p)
	{
		return InterlockedIncrement(p);
	}

	static ULONG Decrement(LONG *p)
	{
		return InterlockedDecrement(p);
	}

	typedef CComFakeCriticalSection AutoCriticalSection;
	typedef CComFakeCriticalSection AutoDeleteCriticalSection;
	typedef CComFakeCriticalSection CriticalSection;
	typedef CComMultiThreadModelNoCS ThreadModelNoCS;
};

class CComMultiThreadModel : public CComMultiThreadModelNoCS {
public:
	typedef CComAutoCriticalSection AutoCriticalSection;
	typedef CComAutoDeleteCriticalSection AutoDeleteCriticalSection;
	typedef CComCriticalSection CriticalSection;
};

class CComSingleThreadModel {
public:
	static ULONG Increment(LONG *p)
	{
		return ++*p;
	}

	static ULONG Decrement(LONG *p)
	{
		return --*p;
	}

	typedef CComFakeCriticalSection AutoCriticalSection;
	typedef CComFakeCriticalSection AutoDeleteCriticalSection;
	typedef CComFakeCriticalSection CriticalSection;
	typedef CComSingleThreadModel ThreadModelNoCS;
};

#if defined(_ATL_SINGLE_THREADED)
typedef CComSingleThreadModel CComObjectThreadModel;
typedef CComSingleThreadModel CComGlobalsThreadModel;
#else
typedef CComMultiThreadModel CComObjectThreadModel;
typedef CComMultiThreadModel CComGlobalsThreadModel;
#endif

/* ----------------------------------------------------------- smart pointers */

template <class T>
class CComPtrBase {
public:
	~CComPtrBase()
	{
		if (p)
			p->Release();
	}

	operator T *() const
	{
		return p;
	}

	T &operator*() const
	{
		ATLASSERT(p);
		return *p;
	}

	/* For a function that gives out a reference: the pointer must be NULL. */
	T **operator&()
	{
		ATLASSERT(!p);
		return &p;
	}

	T *operator->() const
	{
		ATLASSERT(p);
		return p;
	}

	bool operator!() const
	{
		return !p;
	}

	bool operator<(T *other) const
	{
		return p < other;
	}

	bool operator!=(T *other) const
	{
		return p != other;
	}

	bool operator==(T *other) const
	{
		return p == other;
	}

	void Release()
	{
		T *old = p;

		/* An object that goes may come back to this pointer. */
		p = NULL;
		if (old)
			old->Release();
	}

	/* Are these two interfaces of one object? */
	bool IsEqualObject(IUnknown *other) const
	{
		IUnknown *mine = NULL, *its = NULL;
		bool equal;

		if (!p || !other)
			return !p && !other;
		p->QueryInterface(__uuidof(IUnknown), (void **)&mine);
		other->QueryInterface(__uuidof(IUnknown), (void **)&its);
		equal = mine == its;
		if (mine)
			mine->Release();
		if (its)
			its->Release();
		return equal;
	}

	/* Takes the caller's reference over; Detach gives it back. */
	void Attach(T *other)
	{
		T *old = p;

		p = other;
		if (old)
			old->Release();
	}

	T *Detach()
	{
		T *mine = p;

		p = NULL;
		return mine;
	}

	HRESULT CopyTo(T **ppT) const
	{
		if (!ppT)
			return E_POINTER;
		*ppT = p;
		if (p)
			p->AddRef();
		return S_OK;
	}

	template <class Q>
	HRESULT QueryInterface(Q **pp) const
	{
		ATLASSERT(pp && !*pp);
		return p->QueryInterface(__uuidof(Q), (void **)pp);
	}

	T *p;

protected:
	CComPtrBase(T *lp = NULL) : p(lp)
	{
		if (p)
			p->AddRef();
	}

	CComPtrBase(const CComPtrBase &) = delete;
	CComPtrBase &operator=(const CComPtrBase &) = delete;

	void Assign(T *other)
	{
		if (other)
			other->AddRef();
		Attach(other);
	}

	/* NULL if the object has no such interface. */
	void Query(IUnknown *other, REFIID iid)
	{
		T *found = NULL;

		if (other && FAILED(other->QueryInterface(iid, (void **)&found)))
			found = NULL;
		Attach(found);
	}
};

template <class T>
class CComPtr : public CComPtrBase<T> {
public:
	CComPtr()
	{
	}

	CComPtr(T *lp) : CComPtrBase<T>(lp)
	{
	}

	CComPtr(const CComPtr &other) : CComPtrBase<T>(other.p)
	{
	}

	CComPtr(CComPtr &&other)
	{
		this->p = other.Detach();
	}

	T *operator=(T *lp)
	{
		this->Assign(lp);
		return this->p;
	}

	T *operator=(const CComPtr &other)
	{
		this->Assign(other.p);
		return this->p;
	}

	T *operator=(CComPtr &&other)
	{
		if (this->p != other.p)
			this->Attach(other.Detach());
		return this->p;
	}

	/* Of another type: what its QueryInterface gives. */
	template <class Q>
	T *operator=(const CComPtr<Q> &other)
	{
		this->Query(other.p, __uuidof(T));
		return this->p;
	}
};

template <class T, const IID *piid>
struct _AtlIid {
	static REFIID Get()
	{
		return *piid;
	}
};

template <class T>
struct _AtlIid<T, nullptr> {
	static REFIID Get()
	{
		return __uuidof(T);
	}
};

/*
 * CComPtr whose constructor and = also take any other interface, and ask that for T.
 * piid NULL means __uuidof(T).
 */
template <class T, const IID *piid = nullptr>
class CComQIPtr : public CComPtr<T> {
public:
	CComQIPtr()
	{
	}

	CComQIPtr(T *lp) : CComPtr<T>(lp)
	{
	}

	CComQIPtr(const CComQIPtr &other) : CComPtr<T>(other)
	{
	}

	CComQIPtr(IUnknown *lp)
	{
		this->Query(lp, _AtlIid<T, piid>::Get());
	}

	T *operator=(T *lp)
	{
		this->Assign(lp);
		return this->p;
	}

	T *operator=(const CComQIPtr &other)
	{
		this->Assign(other.p);
		return this->p;
	}

	T *operator=(IUnknown *lp)
	{
		this->Query(lp, _AtlIid<T, piid>::Get());
		return this->p;
	}
};

template <const IID *piid>
class CComQIPtr<IUnknown, piid> : public CComPtr<IUnknown> {
public:
	CComQIPtr()
	{
	}

	CComQIPtr(IUnknown *lp)
	{
		Query(lp, __uuidof(IUnknown));
	}

	CComQIPtr(const CComQIPtr &other) : CComPtr<IUnknown>(other)
	{
	}

	IUnknown *operator=(IUnknown *lp)
	{
		Query(lp, __uuidof(IUnknown));
		return p;
	}

	IUnknown *operator=(const CComQIPtr &other)
	{
		Assign(other.p);
		return p;
	}
};

/* Owns what new made. A copy takes it away from the other one. */
template <class T>
class CAutoPtr {
public:
	CAutoPtr() : m_p(NULL)
	{
	}

	explicit CAutoPtr(T *p) : m_p(p)
	{
	}

	CAutoPtr(CAutoPtr &other) : m_p(other.Detach())
	{
	}

	~CAutoPtr()
	{
		delete m_p;
	}

	CAutoPtr &operator=(CAutoPtr &other)
	{
		if (m_p != other.m_p) {
			Free();
			m_p = other.Detach();
		}
		return *this;
	}

	operator T *() const
	{
		return m_p;
	}

	T *operator->() const
	{
		ATLASSERT(m_p);
		return m_p;
	}

	void Attach(T *p)
	{
		ATLASSERT(!m_p);
		m_p = p;
	}

	T *Detach()
	{
		T *p = m_p;

		m_p = NULL;
		return p;
	}

	void Free()
	{
		delete Detach();
	}

	T *m_p;
};

class CCRTAllocator {
public:
	static void *Allocate(size_t bytes)
	{
		return malloc(bytes);
	}

	static void *Reallocate(void *p, size_t bytes)
	{
		return realloc(p, bytes);
	}

	static void Free(void *p)
	{
		free(p);
	}
};

/* Owns memory for elements that need no constructor. */
template <class T, class Allocator = CCRTAllocator>
class CHeapPtr {
public:
	CHeapPtr() : m_pData(NULL)
	{
	}

	explicit CHeapPtr(T *p) : m_pData(p)
	{
	}

	CHeapPtr(CHeapPtr &other) : m_pData(other.Detach())
	{
	}

	~CHeapPtr()
	{
		Free();
	}

	CHeapPtr &operator=(CHeapPtr &other)
	{
		if (m_pData != other.m_pData) {
			Free();
			m_pData = other.Detach();
		}
		return *this;
	}

	operator T *() const
	{
		return m_pData;
	}

	T *operator->() const
	{
		ATLASSERT(m_pData);
		return m_pData;
	}

	T **operator&()
	{
		ATLASSERT(!m_pData);
		return &m_pData;
	}

	/* Both answer false for want of memory; then nothing has changed. */
	bool Allocate(size_t elements = 1)
	{
		ATLASSERT(!m_pData);
		return Reallocate(elements);
	}

	bool Reallocate(size_t elements)
	{
		void *p;

		if (elements > SIZE_MAX / sizeof(T))
			return false;
		p = m_pData ? Allocator::Reallocate(m_pData, elements * sizeof(T)) :
			      Allocator::Allocate(elements * sizeof(T));
		if (!p)
			return false;
		m_pData = static_cast<T *>(p);
		return true;
	}

	bool AllocateBytes(size_t bytes)
	{
		ATLASSERT(!m_pData);
		m_pData = static_cast<T *>(Allocator::Allocate(bytes));
		return m_pData;
	}

	void Attach(T *p)
	{
		Allocator::Free(m_pData);
		m_pData = p;
	}

	T *Detach()
	{
		T *p = m_pData;

		m_pData = NULL;
		return p;
	}

	void Free()
	{
		Allocator::Free(Detach());
	}

	T *m_pData;
};

/* Owns a HANDLE. A copy takes it away from the other one. */
class CHandle {
public:
	CHandle() : m_h(NULL)
	{
	}

	explicit CHandle(HANDLE h) : m_h(h)
	{
	}

	CHandle(CHandle &other) : m_h(other.Detach())
	{
	}

	~CHandle()
	{
		Close();
	}

	CHandle &operator=(CHandle &other)
	{
		if (this != &other) {
			Close();
			m_h = other.Detach();
		}
		return *this;
	}

	operator HANDLE() const
	{
		return m_h;
	}

	void Attach(HANDLE h)
	{
		ATLASSERT(!m_h);
		m_h = h;
	}

	HANDLE Detach()
	{
		HANDLE h = m_h;

		m_h = NULL;
		return h;
	}

	void Close()
	{
		if (m_h)
			CloseHandle(Detach());
	}

	HANDLE m_h;
};

/* ------------------------------------------------------------------- arrays */

template <class T>
class CSimpleArrayEqualHelper {
public:
	static bool IsEqual(const T &a, const T &b)
	{
		return a == b;
	}
};

template <class T, class TEqual = CSimpleArrayEqualHelper<T>>
class CSimpleArray {
public:
	typedef T _ArrayElementType;

	CSimpleArray() : m_aT(NULL), m_nSize(0), m_nAllocSize(0)
	{
	}

	CSimpleArray(const CSimpleArray &other) : m_aT(NULL), m_nSize(0), m_nAllocSize(0)
	{
		*this = other;
	}

	~CSimpleArray()
	{
		RemoveAll();
	}

	CSimpleArray &operator=(const CSimpleArray &other)
	{
		if (this != &other) {
			RemoveAll();
			for (int i = 0; i < other.m_nSize; i++)
				Add(other.m_aT[i]);
		}
		return *this;
	}

	int GetSize() const
	{
		return m_nSize;
	}

	T *GetData() const
	{
		return m_aT;
	}

	T &operator[](int index)
	{
		ATLASSERT(index >= 0 && index < m_nSize);
		return m_aT[index];
	}

	const T &operator[](int index) const
	{
		ATLASSERT(index >= 0 && index < m_nSize);
		return m_aT[index];
	}

	/* FALSE: no memory. t may be an element of this array. */
	BOOL Add(const T &t)
	{
		if (m_nSize == m_nAllocSize) {
			T copy(t);

			if (!Grow())
				return FALSE;
			new (m_aT + m_nSize) T(std::move(copy));
		} else {
			new (m_aT + m_nSize) T(t);
		}
		m_nSize++;
		return TRUE;
	}

	BOOL Remove(const T &t)
	{
		return RemoveAt(Find(t));
	}

	BOOL RemoveAt(int index)
	{
		if (index < 0 || index >= m_nSize)
			return FALSE;
		/* The element goes last: it may come back to this array. */
		T old(std::move(m_aT[index]));

		for (int i = index; i < m_nSize - 1; i++)
			m_aT[i] = std::move(m_aT[i + 1]);
		m_aT[--m_nSize].~T();
		return TRUE;
	}

	void RemoveAll()
	{
		T *old = m_aT;
		int n = m_nSize;

		m_aT = NULL;
		m_nSize = m_nAllocSize = 0;
		for (int i = 0; i < n; i++)
			old[i].~T();
		free(old);
	}

	/* -1: not there */
	int Find(const T &t) const
	{
		for (int i = 0; i < m_nSize; i++)
			if (TEqual::IsEqual(m_aT[i], t))
				return i;
		return -1;
	}

	BOOL SetAtIndex(int index, const T &t)
	{
		if (index < 0 || index >= m_nSize)
			return FALSE;
		m_aT[index] = t;
		return TRUE;
	}

	T *m_aT;
	int m_nSize;
	int m_nAllocSize;

private:
	bool Grow()
	{
		int n = m_nAllocSize ? 2 * m_nAllocSize : 4;
		T *bigger = static_cast<T *>(malloc(n * sizeof(T)));

		if (!bigger)
			return false;
		for (int i = 0; i < m_nSize; i++) {
			new (bigger + i) T(std::move(m_aT[i]));
			m_aT[i].~T();
		}
		free(m_aT);
		m_aT = bigger;
		m_nAllocSize = n;
		return true;
	}
};

/* ------------------------------------------------------------------ modules */

typedef HRESULT _ATL_CREATORFUNC(void *pv, REFIID riid, LPVOID *ppv);
typedef HRESULT _ATL_CREATORARGFUNC(void *pv, REFIID riid, LPVOID *ppv, DWORD_PTR dw);

/* One creatable class. OBJECT_ENTRY and OBJECT_ENTRY_AUTO (atlcom.h) fill it in. */
struct _ATL_OBJMAP_ENTRY {
	const CLSID *pclsid;
	HRESULT (*pfnUpdateRegistry)(BOOL bRegister);
	_ATL_CREATORFUNC *pfnGetClassObject;	/* NULL: not creatable from outside */
	_ATL_CREATORFUNC *pfnCreateInstance;
	void (*pfnObjectMain)(bool bStarting);
	IUnknown *pCF;				/* its class factory, once asked for */
	bool started;
};

class CAtlModule;

ATL_ONE CAtlModule *_pAtlModule;

/*
 * The pointers that OBJECT_ENTRY_AUTO leaves in the driver's section of this name. One
 * that stands in a header is there once per file.
 */
extern "C" ATL_ONE _ATL_OBJMAP_ENTRY *const __start_atl_objmap[];
extern "C" ATL_ONE _ATL_OBJMAP_ENTRY *const __stop_atl_objmap[];

/* Counts what keeps the driver loaded: objects (CComObject) and locks. One in a driver. */
class CAtlModule {
public:
	CAtlModule() : m_nLockCnt(0)
	{
		_pAtlModule = this;
	}

	virtual ~CAtlModule()
	{
		_pAtlModule = NULL;
	}

	virtual LONG Lock()
	{
		return CComGlobalsThreadModel::Increment(&m_nLockCnt);
	}

	virtual LONG Unlock()
	{
		return CComGlobalsThreadModel::Decrement(&m_nLockCnt);
	}

	virtual LONG GetLockCount()
	{
		return m_nLockCnt;
	}

	/* As DllMain() at DLL_PROCESS_DETACH does; both may be called. */
	void Term()
	{
		Stop(NULL);
	}

	LONG m_nLockCnt;

protected:
	/* The entries of a BEGIN_OBJECT_MAP, if there is one, and then the others. */
	template <class F>
	static void ForEach(_ATL_OBJMAP_ENTRY *map, F f)
	{
		for (_ATL_OBJMAP_ENTRY *e = map; e && e->pclsid; e++)
			f(e);
		for (_ATL_OBJMAP_ENTRY *const *p = __start_atl_objmap;
		     p != __stop_atl_objmap; p++)
			f(*p);
	}

	static void Start(_ATL_OBJMAP_ENTRY *map)
	{
		ForEach(map, [](_ATL_OBJMAP_ENTRY *e) {
			if (!e->started)
				e->pfnObjectMain(true);
			e->started = true;
		});
	}

	static void Stop(_ATL_OBJMAP_ENTRY *map)
	{
		ForEach(map, [](_ATL_OBJMAP_ENTRY *e) {
			if (e->pCF)
				e->pCF->Release();
			e->pCF = NULL;
			if (e->started)
				e->pfnObjectMain(false);
			e->started = false;
		});
	}

	HRESULT FindClassObject(_ATL_OBJMAP_ENTRY *map, REFCLSID rclsid, REFIID riid,
				LPVOID *ppv)
	{
		_ATL_OBJMAP_ENTRY *found = NULL;
		HRESULT hr = S_OK;

		if (!ppv)
			return E_POINTER;
		*ppv = NULL;
		ForEach(map, [&](_ATL_OBJMAP_ENTRY *e) {
			if (!found && e->pfnGetClassObject && *e->pclsid == rclsid)
				found = e;
		});
		if (!found)
			return CLASS_E_CLASSNOTAVAILABLE;

		CComCritSecLock<CComAutoCriticalSection> lock(m_csObjMap);

		if (!found->pCF)
			hr = found->pfnGetClassObject((void *)found->pfnCreateInstance,
						      __uuidof(IUnknown),
						      (LPVOID *)&found->pCF);
		if (SUCCEEDED(hr))
			hr = found->pCF->QueryInterface(riid, ppv);
		return hr;
	}

private:
	CComAutoCriticalSection m_csObjMap;	/* guards pCF */
};

template <class T>
class CAtlModuleT : public CAtlModule {
public:
	static void InitLibId()
	{
	}

	HRESULT RegisterServer(BOOL = FALSE, const CLSID * = NULL)
	{
		return E_NOTIMPL;
	}

	HRESULT UnregisterServer(BOOL = FALSE, const CLSID * = NULL)
	{
		return E_NOTIMPL;
	}
};

/* What a driver's DllMain and so on call. */
template <class T>
class CAtlDllModuleT : public CAtlModuleT<T> {
public:
	BOOL DllMain(DWORD dwReason, LPVOID)
	{
		if (dwReason == DLL_PROCESS_ATTACH)
			this->Start(NULL);
		else if (dwReason == DLL_PROCESS_DETACH)
			this->Stop(NULL);
		return TRUE;
	}

	HRESULT DllCanUnloadNow()
	{
		return this->GetLockCount() ? S_FALSE : S_OK;
	}

	HRESULT GetClassObject(REFCLSID rclsid, REFIID riid, LPVOID *ppv)
	{
		return this->FindClassObject(NULL, rclsid, riid, ppv);
	}

	HRESULT DllGetClassObject(REFCLSID rclsid, REFIID riid, LPVOID *ppv)
	{
		return GetClassObject(rclsid, riid, ppv);
	}

	HRESULT DllRegisterServer(BOOL bRegTypeLib = TRUE)
	{
		return this->RegisterServer(bRegTypeLib);
	}

	HRESULT DllUnregisterServer(BOOL bUnRegTypeLib = TRUE)
	{
		return this->UnregisterServer(bUnRegTypeLib);
	}
};

/* The module of older sources, with the map of BEGIN_OBJECT_MAP. */
class CComModule : public CAtlModuleT<CComModule> {
public:
	CComModule() : m_pObjMap(NULL), m_hInst(NULL)
	{
	}

	HRESULT Init(_ATL_OBJMAP_ENTRY *p, HINSTANCE h, const GUID * = NULL)
	{
		m_pObjMap = p;
		m_hInst = h;
		Start(p);
		return S_OK;
	}

	void Term()
	{
		Stop(m_pObjMap);
		m_pObjMap = NULL;
	}

	HRESULT GetClassObject(REFCLSID rclsid, REFIID riid, LPVOID *ppv)
	{
		return FindClassObject(m_pObjMap, rclsid, riid, ppv);
	}

	HINSTANCE GetModuleInstance() const
	{
		return m_hInst;
	}

	_ATL_OBJMAP_ENTRY *m_pObjMap;
	HINSTANCE m_hInst;
};

}

#define DECLARE_LIBID(libid)				static void InitLibId() {}
#define DECLARE_REGISTRY_APPID_RESOURCEID(resid, appid)
#define DECLARE_NO_REGISTRY() \
	static HRESULT UpdateRegistry(BOOL) { return S_OK; }
#define DECLARE_REGISTRY(c, pid, vpid, nid, flags)	DECLARE_NO_REGISTRY()
#define DECLARE_REGISTRY_RESOURCE(x)			DECLARE_NO_REGISTRY()
#define DECLARE_REGISTRY_RESOURCEID(x)			DECLARE_NO_REGISTRY()

#endif
