/** What the pages say, in the language of the browser: Chinese or English. */

const english = {
  hint: 'Sign in, and the documentation shows your company’s own fields.',
  email: 'E-mail',
  password: 'Password',
  company: 'Company (optional)',
  signIn: 'Sign in',
  signOut: 'Sign out',
  sessionEnded: 'Your session has ended. Please sign in again.',
  unreachable: 'The server cannot be reached.',
};

const chinese: typeof english = {
  hint: '登录后，文档会显示贵公司的自定义字段。',
  email: '邮箱',
  password: '密码',
  company: '公司（可选）',
  signIn: '登录',
  signOut: '退出',
  sessionEnded: '登录已失效，请重新登录。',
  unreachable: '无法连接服务器。',
};

const inChinese = navigator.language.startsWith('zh');
document.documentElement.lang = inChinese ? 'zh' : 'en';

export const words = inChinese ? chinese : english;
